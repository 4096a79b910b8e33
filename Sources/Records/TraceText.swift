// A line as the grammar of traces looks at it: where its text begins behind the indentation, and what stands there.

import Glibc

/// One line of a message, without its newline.
struct TraceText {
    /// All of it.
    let bytes: ArraySlice<UInt8>
    /// Behind spaces and tabs; rsyslog's `#011` is a tab too.
    let body: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        var end = bytes.endIndex
        while end > bytes.startIndex, bytes[end - 1] == 0x0d || bytes[end - 1] == 0x20 { end -= 1 }
        let line = bytes[bytes.startIndex..<end]
        var at = line.startIndex
        while at < end {
            if line[at] == 0x20 || line[at] == 0x09 {
                at += 1
            } else if line[at] == UInt8(ascii: "#"), line[at...].starts(with: "#011".utf8) {
                at += 4
            } else {
                break
            }
        }
        self.bytes = line
        body = line[at...]
    }

    init(_ text: String) { self.init(Array(text.utf8)[...]) }

    var isBlank: Bool { body.isEmpty }
    /// How many bytes of indentation.
    var indent: Int { body.startIndex - bytes.startIndex }
    var isIndented: Bool { indent > 0 }

    /// Whether the text behind the indentation begins so.
    func starts(_ text: StaticString) -> Bool { Self.begins(body, text) }

    /// Whether the line itself begins so.
    func startsFlush(_ text: StaticString) -> Bool { indent == 0 && Self.begins(bytes, text) }

    func startsWithAny(_ texts: [StaticString]) -> Bool { texts.contains { Self.begins(body, $0) } }

    func ends(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard body.count >= count else { return false }
        let start = body.endIndex - count
        return (0..<count).allSatisfy { body[start + $0] == text.utf8Start[$0] }
    }

    /// Whether `text` stands anywhere in the line.
    func has(_ text: StaticString) -> Bool { offset(of: text) != nil }

    func hasAny(_ texts: [StaticString]) -> Bool { texts.contains { has($0) } }

    /// What of the line follows the first `text`.
    func behind(_ text: StaticString) -> ArraySlice<UInt8>? {
        offset(of: text).map { bytes[(bytes.startIndex + $0 + text.utf8CodeUnitCount)...] }
    }

    private func offset(of text: StaticString) -> Int? {
        let count = text.utf8CodeUnitCount
        return bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress, count > 0 else { return nil }
            var at = 0
            while at + count <= raw.count,
                let found = memchr(base + at, Int32(text.utf8Start[0]), raw.count - count - at + 1)
            {
                at = UnsafeRawPointer(found) - base
                if memcmp(found, text.utf8Start, count) == 0 { return at }
                at += 1
            }
            return nil
        }
    }

    /// How many bytes from the body's start on `isPart` accepts.
    func span(_ isPart: (UInt8) -> Bool) -> Int { body.prefix(while: isPart).count }

    /// `mark`, digits, then one of `ends`: `#12 `, `12: `.
    func isNumbered(mark: UInt8? = nil, ends: UInt8) -> Bool {
        var rest = body
        if let mark {
            guard rest.first == mark else { return false }
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { $0 &- 48 < 10 }.count
        return digits > 0 && digits < 10 && rest.dropFirst(digits).first == ends
    }

    private static func begins(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        for index in 0..<count where bytes[bytes.startIndex + index] != text.utf8Start[index] { return false }
        return true
    }
}

extension TraceText {
    static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) }
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

    /// `java.lang.IllegalStateException: text`, `TypeError: text`, `System.IO.IOException`, `App\Fault: text`: the name
    /// of a class of exceptions, alone or with a colon behind it.
    var beginsWithExceptionName: Bool {
        let name = body.prefix {
            Self.isLetter($0) || Self.isDigit($0) || [0x2e, 0x5f, 0x24, 0x2f, 0x5c, 0x3a, 0x40].contains($0)
        }
        guard let first = name.first, Self.isLetter(first), name.count < 300 else { return false }
        let rest = body.dropFirst(name.count)
        // A colon of `a.b.Fault:` was taken into the name.
        let endsInColon = name.last == 0x3a
        guard rest.isEmpty || endsInColon || rest.starts(with: " [".utf8) || rest.starts(with: " {".utf8) else {
            return false
        }
        return Self.isExceptionName(endsInColon ? name.dropLast() : name)
    }

    /// Whether a name is that of an exception: by its ending, as all these languages' guides have it.
    static func isExceptionName(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        let endings: [StaticString] = ["Exception", "Error", "Throwable", "Fault", "Failure"]
        return endings.contains { ending in
            let ending = UnsafeBufferPointer(start: ending.utf8Start, count: ending.utf8CodeUnitCount)
            return name.suffix(ending.count).elementsEqual(ending)
        }
    }
}
