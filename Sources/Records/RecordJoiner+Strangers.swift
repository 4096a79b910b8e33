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
            batch.bytes[outline.identifier].elementsEqual("kernel".utf8),
            open[0].keys.contains(where: { Self.isKey($0, of: outline, in: batch) })
        else { return false }
        let text = TraceText(batch.bytes[batch.message(at: index, outline)])
        return open[0].passes(text, uptime: outline.uptime)
    }

    /// Whether a line with this header has that key (`StreamLine.key`).
    private static func isKey(_ key: String, of outline: HeaderOutline, in batch: RecordBatch) -> Bool {
        var rest = key.utf8[...]
        let pid = outline.pid.map { String($0) } ?? ""
        for part in [batch.bytes[outline.host], batch.bytes[outline.identifier], Array(pid.utf8)[...]] {
            guard rest.starts(with: part) else { return false }
            rest = rest.dropFirst(part.count)
            guard rest.popFirst() == UInt8(ascii: "|") else { return false }
        }
        return rest.isEmpty
    }
}
