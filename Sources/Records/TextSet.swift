// Many texts searched for at once, in one walk over a line.

/// A set of texts, by their first bytes.
struct TextSet: Sendable {
    private let texts: [[[UInt8]]]

    init(_ all: [String]) {
        var texts = [[[UInt8]]](repeating: [], count: 256)
        for text in all {
            let bytes = Array(text.utf8)
            if let first = bytes.first { texts[Int(first)].append(bytes) }
        }
        self.texts = texts
    }

    /// Whether one of them stands at the beginning of `line`.
    func begins(_ line: ArraySlice<UInt8>) -> Bool {
        line.withUnsafeBufferPointer { stands(at: 0, in: $0) }
    }

    /// Whether one of them stands anywhere in `line`.
    func isIn(_ line: ArraySlice<UInt8>) -> Bool {
        line.withUnsafeBufferPointer { bytes in
            for at in 0..<bytes.count where stands(at: at, in: bytes) { return true }
            return false
        }
    }

    private func stands(at start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard start < bytes.count else { return false }
        let some = texts[Int(bytes[start])]
        if some.isEmpty { return false }
        return some.contains { text in
            guard text.count <= bytes.count - start else { return false }
            for index in 1..<max(1, text.count) where bytes[start + index] != text[index] { return false }
            return true
        }
    }
}
