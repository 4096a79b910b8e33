// What may be a host or a program's name in a line of syslog, and what is its message already.
// Must stay true: the parser and the short way to a message's start (`HeaderWalk`) ask here alike, so that they give one
// answer.

extension LineHeader {
    /// Digits alone, as far as Int32 goes; nil for anything else.
    static func processID(_ digits: some Collection<UInt8>) -> Int32? {
        guard (1...10).contains(digits.count) else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte &- 48 < 10 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return Int32(exactly: value)
    }

    /// A name or address, IPv6 in brackets too. It stands in subjects and titles, and whoever may send a line chooses it.
    static func isHost(_ word: some BidirectionalCollection<UInt8>) -> Bool {
        guard (1...255).contains(word.count) else { return false }
        if word.first == 0x5b, word.last == 0x5d {
            return word.contains(0x3a) && word.dropFirst().dropLast().allSatisfy(isHostByte)
        }
        return word.allSatisfy(isHostByte)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 0x2d, 0x2e, 0x3a, 0x5f: true  // letters, digits, - . : _
        default: false
        }
    }

    /// RFC 5424 section 6: names are of printable US-ASCII, without spaces.
    static func isName(_ word: some Collection<UInt8>) -> Bool {
        (1...128).contains(word.count) && word.allSatisfy(isGraphic)
    }

    static func isGraphic(_ byte: UInt8) -> Bool { (33...126).contains(byte) }

    /// A tag whose name has brackets itself: `sssd[be[example.org]][812]` is of `sssd[be[example.org]]`, `sssd[nss][812]` of
    /// `sssd[nss]`. syslog(3) puts the pid last, before the colon.
    /// - Parameter text: begins with the tag.
    /// - Returns: where the name ends, and the tag, behind which the colon stands; nil where there is no such tag.
    static func bracketedTag<Text: RandomAccessCollection<UInt8>>(
        _ text: Text
    ) -> (nameEnd: Int, end: Int, pid: Int32?)? where Text.Index == Int {
        var (depth, groups, last) = (0, 0, text.startIndex)
        for at in text.prefix(150).indices {
            switch text[at] {
            case UInt8(ascii: "["):
                if depth == 0 { last = at }
                (depth, groups) = (depth + 1, groups + 1)
            case UInt8(ascii: "]"):
                depth -= 1
                if depth < 0 { return nil }
            case UInt8(ascii: ":") where depth == 0:
                guard groups > 1, text[at - 1] == UInt8(ascii: "]") else { return nil }
                let pid = processID(text[(last + 1)..<(at - 1)])
                let nameEnd = pid == nil ? at : last
                return isName(text[text.startIndex..<nameEnd]) ? (nameEnd, at, pid) : nil
            case let byte:
                if !isGraphic(byte) { return nil }
            }
        }
        return nil
    }

    // MARK: Words of messages

    /// First words of traces that could be a host, or a host and a tag.
    private static let headings = [
        "Exception in thread ", "Caused by: ", "Suppressed: ", "Unhandled exception", "Unhandled Exception",
        "Uncaught ",
        "Traceback (most recent", "Stack trace:", "Call Trace:", "Call trace:", "Internal error: ", "PHP Fatal error:",
        "PHP Parse error:", "PHP Recoverable fatal", "PHP Stack trace:", "thread '", "goroutine ", "terminate called ",
        "double free or corruption", "corrupted size vs", "general protection fault", "kernel BUG at ",
    ].map { Array($0.utf8) }

    /// Whether the name of a tag without a pid, before which no host stands, is the message's first word: `panic: `,
    /// `java.io.IOException: `, `free(): `.
    static func isWordOfMessage(tag name: some BidirectionalCollection<UInt8>) -> Bool {
        LogLevel.named(name) != nil || TraceText.isExceptionName(name) || name.suffix(2).elementsEqual("()".utf8)
    }

    /// Whether a message begins where a host could stand: behind a time of RFC 3164 programs write messages too, with
    /// neither host nor tag (`Nov 21 12:41:14 Exception in thread "main" …`). A host is followed by a tag, or it is not
    /// written as the first word of a sentence is.
    /// - Parameters:
    ///   - text: all that follows the time.
    ///   - host: the first word of it.
    ///   - isTagged: a tag follows the first word.
    static func isMessage(
        _ text: some Collection<UInt8>, withHost host: some BidirectionalCollection<UInt8>, isTagged: Bool
    ) -> Bool {
        guard let first = host.first, let last = host.last else { return false }
        let isCapital = first &- 65 < 26
        // Nearly all lines.
        if isTagged, !isCapital, last != 0x3a { return false }
        if last == 0x3a ? TraceText.isExceptionName(host.dropLast()) : TraceText.isExceptionName(host) { return true }
        if headings.contains(where: { text.starts(with: $0) }) { return true }
        return !isTagged && isCapital && host.allSatisfy(TraceText.isLetter) && host.contains { $0 >= 97 }
    }
}
