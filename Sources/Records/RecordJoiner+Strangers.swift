// Lines of other parts of the kernel amid its reports. Where the kernel's lines come by the thousand and one of them begins
// a report, each of the others is asked: so they are told where they stand, without a `StreamLine` of each.
// Must stay true: what passes here is what `take` would count as a stranger and hand on.

extension RecordJoiner {
    /// Whether a line that is no candidate stands amid the only open trace, a report of the kernel, without being of it.
    mutating func passesAmidReport(_ index: Int, _ batch: RecordBatch, _ outlines: inout OutlineReader?) -> Bool {
        guard pattern == nil, parts.isEmpty, object == nil, open.count == 1, open[0].takesStrangers,
            open[0].lines[0].mayShareStream(index, of: batch)
        else { return false }
        let range = batch.ranges[index]
        guard let outline = batch.bytes.withUnsafeBytes({ outlines?.outline(of: range, in: $0) }),
            outline.isKernel,
            open[0].keys.contains(where: { Self.isKey($0, of: outline, in: batch) })
        else { return false }
        let text = TraceText(batch.bytes[batch.message(at: index, outline)])
        return open[0].passes(text, uptime: outline.uptime)
    }

    /// Whether a line with this header has that key (`StreamLine.key`).
    private static func isKey(_ key: [UInt8], of outline: HeaderOutline, in batch: RecordBatch) -> Bool {
        let names = outline.host.count + outline.identifier.count + 2
        guard key.count > names, key[outline.host.count] == UInt8(ascii: "|"),
            key[names - 1] == UInt8(ascii: "|"), key.last == UInt8(ascii: "|")
        else { return false }
        for at in 0..<outline.host.count where key[at] != batch.bytes[outline.host.lowerBound + at] { return false }
        for at in 0..<outline.identifier.count
        where key[outline.host.count + 1 + at] != batch.bytes[outline.identifier.lowerBound + at] { return false }
        let pid = key[names..<(key.count - 1)]
        return outline.pid.map { pid.elementsEqual(String($0).utf8) } ?? pid.isEmpty
    }
}
