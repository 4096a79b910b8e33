// Lines that a container engine cut (CRI's tag `P`; Docker's `log` without a newline), and the administrator's own patterns.

/// Parts of a line of a container.
struct PartialLine {
    var lines: [StreamLine]
    var size: Int
    var last: Duration
}

/// What the administrator says of which lines belong together. The functions see the line as it stands in the file.
package struct LinePattern {
    package var begins: (([UInt8]) -> Bool)?
    package var continues: (([UInt8]) -> Bool)?

    /// - Parameters:
    ///   - begins: whether a line is the first of a record; alone, all others go on with the one before.
    ///   - continues: whether a line goes on with the one before; alone, all others begin a record.
    package init(begins: (([UInt8]) -> Bool)?, continues: (([UInt8]) -> Bool)?) {
        self.begins = begins
        self.continues = continues
    }
}

extension RecordJoiner {
    /// The line, put together of its parts; nil while some are to come.
    mutating func assemble(
        _ line: StreamLine, index: Int?, _ work: inout JoiningBatch
    ) -> (line: StreamLine, index: Int?)? {
        let key = line.container
        guard var part = parts[key] else {
            guard line.isPartial else { return (line, index) }
            let held = work.holding(line, index)
            parts[key] = PartialLine(lines: [held], size: held.size, last: work.now)
            return nil
        }
        part.lines.append(work.holding(line, index))
        part.size += line.size
        part.last = work.now
        if line.isPartial, part.size < limits.bytes {
            parts[key] = part
            return nil
        }
        parts[key] = nil
        return whole(part).map { ($0, nil) }
    }

    private func whole(_ part: PartialLine) -> StreamLine? {
        guard let first = part.lines.first, let context else { return nil }
        var line = StreamLine(raw: LineHeader.whole(part.lines.map(\.raw)), order: first.order, context: context)
        line.isPartial = false
        return line
    }

    /// The end of the line did not come: what there is of it is a line.
    mutating func finishPart(_ key: [UInt8], _ work: inout JoiningBatch) {
        guard let part = parts.removeValue(forKey: key), let line = whole(part) else { return }
        work.put([line])
    }

    mutating func takeByPattern(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        if line.isPartial || !parts.isEmpty {
            guard let whole = assemble(line, index: index, &work) else { return }
            return decideByPattern(whole.line, index: whole.index, &work)
        }
        decideByPattern(line, index: index, &work)
    }

    private mutating func decideByPattern(_ line: StreamLine, index: Int?, _ work: inout JoiningBatch) {
        guard let pattern else { return }
        let number = open.firstIndex { $0.keys.contains(line.container) }
        let begins = pattern.begins?(line.text)
        let continues = pattern.continues?(line.text)
        // Both are asked: what neither begins nor goes on is a record of its own.
        if begins != true, let number, continues ?? true, open[number].hasRoom(for: line, within: limits) {
            var held = work.holding(line, index)
            // Nothing of it is a header to be left out: the administrator's patterns see whole lines.
            held.message = held.text
            return open[number].add(held, at: work.now)
        }
        if let number { finish(number, &work) }
        guard begins ?? (continues == false) else {
            if index == nil { work.put([line]) }
            return
        }
        let held = work.holding(line, index)
        open.append(OpenTrace(held, key: held.container, TraceState(nil, .head), at: work.now))
    }
}
