// A private key that a program logs line by line: each record is one line of it, and only its neighbours tell what it is.

extension SecretMask {
    /// `lines` as they follow each other in a log, each of them masked already, with the lines of private keys masked.
    package static func maskedKeys(_ lines: [String]) -> [String] {
        guard lines.contains(where: { lastWord($0).utf8.count >= 16 || holds($0, "PRIVATE KEY") }) else {
            return lines
        }
        var isKey = lines.map { isKeyLine($0) }
        for (index, line) in lines.enumerated() where holds(line, "PRIVATE KEY") {
            if holds(line, "-----BEGIN ") {
                var next = index + 1
                while next < lines.count, isEncoded(lines[next]) || isHeader(lines[next]) {
                    isKey[next] = isKey[next] || isEncoded(lines[next])
                    next += 1
                }
            } else if holds(line, "-----END ") {
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
        line.utf8.lastIndex(of: 0x20).map { line[line.utf8.index(after: $0)...] } ?? line[...]
    }

    /// Whether `text`, which is ASCII, stands in the line. By bytes: each sample of a storm is asked, with its neighbours.
    private static func holds(_ line: String, _ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        var rest = line.utf8[...]
        while let first = rest.firstIndex(of: wanted[0]) {
            rest = rest[first...]
            if rest.starts(with: wanted) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private static func isEncoded(_ line: String) -> Bool {
        let word = lastWord(line).utf8
        return !word.isEmpty && word.allSatisfy { isWord($0) || "+/=*".utf8.contains($0) }
    }

    /// Of RFC 1421, within the armour: `Proc-Type: 4,ENCRYPTED`, and the empty line behind.
    private static func isHeader(_ line: String) -> Bool {
        line.isEmpty || holds(line, "Proc-Type: ") || holds(line, "DEK-Info: ")
    }

    /// A whole line of base64 as keys are written (RFC 7468: 64 characters; OpenSSH: 70), and no digest, which is
    /// hexadecimal.
    private static func isKeyLine(_ line: String) -> Bool {
        let word = lastWord(line).utf8
        guard word.count == 64 || word.count == 70, isEncoded(line) else { return false }
        return word.contains { $0 &- 0x47 < 20 } && word.contains { $0 &- 0x67 < 20 } && word.contains(where: isDigit)
    }
}
