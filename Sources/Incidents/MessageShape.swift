// A message with its digits made alike: a cheap stand-in for the masked message. The mask looks at what is a digit and not
// at which one it is, but for those of a device's name, so messages of one shape have one masked form; making the shape is
// one pass over the bytes, a tenth of the mask's time. Must stay true, which tests show: `MessageMask.masked(shape of m) ==
// MessageMask.masked(m)`, and what the mask keeps apart has two shapes.

/// What `MessageMask` distinguishes of a message.
package enum MessageShape {
    /// Appends the shape of what the mask looks at of `message`.
    package static func append(_ message: ArraySlice<UInt8>, to out: inout [UInt8]) {
        let start = out.count
        out.append(contentsOf: message.prefix(MessageMask.limit))
        out.withUnsafeMutableBufferPointer { all in
            let bytes = UnsafeMutableBufferPointer(rebasing: all[start...])
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                if byte &- 0x30 < 10 || byte == 0x2f, let end = deviceEnd(UnsafeBufferPointer(bytes), index) {
                    index = end
                    continue
                }
                // `0x` is a sign of its own.
                let isPrefix = byte == 0x30 && index + 1 < bytes.count && bytes[index + 1] == 0x78
                if byte &- 0x30 < 10, !isPrefix { bytes[index] = 0x31 }
                index += 1
            }
        }
    }

    /// Where the name of a device ends that has its first digit at `index`, or whose path begins there.
    private static func deviceEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        if bytes[index] == 0x2f { return DeviceName.pathEnd(bytes, index) }
        guard index > 1, bytes[index - 1] >= 0x2d else { return nil }
        if bytes[index - 1] == 0x2d { return DeviceName.mapperEnd(bytes, index) }
        // The word that the digit stands in; its letters before the digit are few in a name.
        var first = index
        while first > 0, index - first < 7, bytes[first - 1] &- 0x61 < 26 { first -= 1 }
        guard index - first > 1, index - first < 7, first == 0 || !VariableToken.isWord(bytes[first - 1]) else {
            return nil
        }
        var end = index
        while end < bytes.count, end - first < 16, VariableToken.isWord(bytes[end]) { end += 1 }
        return end - first < 16 && DeviceName.isName(Array(bytes[first..<end])[...]) ? end : nil
    }
}
