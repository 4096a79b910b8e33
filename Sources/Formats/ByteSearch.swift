// Texts sought in texts, byte for byte. The standard library's own for it come with its regular expressions, a module
// that adds 1.3 MB to each program: Package.swift keeps it out, so that a call of it does not compile.
// What must stay true: nothing here traps, whatever the bytes; what is found in UTF-8 starts and ends between two scalars.

extension Collection<UInt8> {
    /// Where `sought` stands first, byte for byte; nil where it does not. An empty one stands at the start. In time
    /// proportional to the product of the lengths at most; for texts as they are, to this one's.
    package func firstRange(ofBytes sought: some Collection<UInt8>) -> Range<Index>? {
        let offset = withBytes { bytes in sought.withBytes { firstOffset(of: $0, in: bytes) } }
        guard let offset else { return nil }
        let start = index(startIndex, offsetBy: offset)
        return start..<index(start, offsetBy: sought.count)
    }

    /// The bytes where they lie in memory, or else a copy.
    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        withContiguousStorageIfAvailable(body) ?? Array(self).withUnsafeBufferPointer(body)
    }
}

/// The first offset in `bytes` where those of `sought` stand.
private func firstOffset(of sought: UnsafeBufferPointer<UInt8>, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let first = sought.first else { return 0 }
    guard sought.count <= bytes.count else { return nil }
    for at in 0...bytes.count - sought.count where bytes[at] == first {
        var length = 1
        while length < sought.count, bytes[at + length] == sought[length] { length += 1 }
        if length == sought.count { return at }
    }
    return nil
}

extension StringProtocol {
    /// Whether `text` stands in this, byte for byte: é written as one scalar is not é written as two, and a newline is
    /// found after a carriage return too. An empty text stands in every one.
    package func contains(_ text: String) -> Bool { utf8.firstRange(ofBytes: text.utf8) != nil }
}

extension String {
    /// This with `other` in place of each `sought`, byte for byte and from left to right: what stands in `other` is not
    /// replaced again. Nothing is replaced where `sought` is empty.
    package func replacing(_ sought: String, with other: String) -> String {
        guard !sought.isEmpty else { return self }
        var out = ""
        var rest = self[...]
        while let range = rest.utf8.firstRange(ofBytes: sought.utf8) {
            out += rest[..<range.lowerBound]
            out += other
            rest = rest[range.upperBound...]
        }
        return rest.startIndex == startIndex ? self : out + rest
    }
}
