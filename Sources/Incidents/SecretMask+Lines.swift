// A private key that a program logs line by line: each record is one line of it, and only its neighbours tell what it is.

extension SecretMask {
    /// `lines` as they follow each other in a log, each of them masked already, with the lines of private keys masked.
    package static func maskedKeys(_ lines: [String]) -> [String] {
        guard lines.contains(where: { lastWord($0).utf8.count >= 16 || $0.contains("PRIVATE KEY") }) else {
            return lines
        }
        var isKey = lines.map { isKeyLine($0) }
        for (index, line) in lines.enumerated() where line.contains("PRIVATE KEY") {
            if line.contains("-----BEGIN ") {
                var next = index + 1
                while next < lines.count, isEncoded(lines[next]) || isHeader(lines[next]) {
                    isKey[next] = isKey[next] || isEncoded(lines[next])
                    next += 1
                }
            } else if line.contains("-----END ") {
                var before = index - 1
                while before >= 0, isEncoded(lines[before]) {
                    isKey[before] = true
                    before -= 1
                }
            }
        }
        return zip(lines, isKey).map { line, isKey in
            isKey ? String(line.dropLast(lastWord(line).count)) + "***" : line
        }
    }

    /// The last word: a file's line has its time and host before it.
    private static func lastWord(_ line: String) -> Substring {
        line.lastIndex(of: " ").map { line[line.index(after: $0)...] } ?? line[...]
    }

    private static func isEncoded(_ line: String) -> Bool {
        let word = lastWord(line).utf8
        return !word.isEmpty && word.allSatisfy { isWord($0) || "+/=*".utf8.contains($0) }
    }

    /// Of RFC 1421, within the armour: `Proc-Type: 4,ENCRYPTED`, and the empty line behind.
    private static func isHeader(_ line: String) -> Bool {
        line.isEmpty || line.contains("Proc-Type: ") || line.contains("DEK-Info: ")
    }

    /// A whole line of base64 as keys are written (RFC 7468: 64 characters; OpenSSH: 70), and no digest, which is
    /// hexadecimal.
    private static func isKeyLine(_ line: String) -> Bool {
        let word = lastWord(line).utf8
        guard word.count == 64 || word.count == 70, isEncoded(line) else { return false }
        return word.contains { $0 &- 0x47 < 20 } && word.contains { $0 &- 0x67 < 20 } && word.contains(where: isDigit)
    }
}
