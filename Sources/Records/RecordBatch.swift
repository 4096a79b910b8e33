// What a source hands over at one time: the texts of many records in one block of bytes, scanned as a whole, and what is
// needed to build the few records that the scan names. Must stay true: `ranges` are in order, do not overlap and lie in
// `bytes`; a text may itself hold newlines (a journal MESSAGE, a decoded JSON string).

import Formats

/// A block of records of one source; at most about 256 KiB of text, unless one record alone is larger.
package struct RecordBatch: Sendable {
    package var source: Source
    /// The texts of the records, one after the other, each ended by a newline.
    package var bytes: [UInt8]
    /// Of each record's text in `bytes`, without the newline.
    package var ranges: [Range<Int>]
    package var origin: Origin
    /// Decoded lines that go on in the next one of their stream; in order.
    package var partials: [Int] = []
    /// Where lines were joined: of each record the number of its first line in the source, as the joiner counts them.
    package var firstLines: [Int]?

    /// What the texts are, and what else is known of each record.
    package enum Origin: Sendable {
        /// Whole lines; the header is recognised when a record is built.
        case lines(LineContext)
        /// Decoded messages (the scan cannot see through the escapes of JSON), with the lines as they stood; of a record
        /// of several lines, the first.
        case decoded(LineContext, lines: [UInt8], ranges: [Range<Int>])
        case journal(JournalEntries)
    }

    package init(source: Source, bytes: [UInt8] = [], ranges: [Range<Int>] = [], origin: Origin) {
        self.source = source
        self.bytes = bytes
        self.ranges = ranges
        self.origin = origin
    }

    package var count: Int { ranges.count }

    /// The text that the scan sees.
    package func text(at index: Int) -> ArraySlice<UInt8> { bytes[ranges[index]] }

    /// The full record. Only hits pay for it.
    package func record(at index: Int) -> Record {
        switch origin {
        case .lines(let context):
            return LineHeader.record(of: Array(text(at: index)), source: source, context: context).withTraceLanguage
        case .decoded(let context, let lines, let lineRanges):
            return LineHeader.record(
                of: Array(lines[lineRanges[index]]), text: Array(text(at: index)), source: source, context: context
            ).withTraceLanguage
        case .journal(let entries):
            return entries.record(at: index, source: source, message: Array(text(at: index))).withTraceLanguage
        }
    }

    /// Journal: the entry's PRIORITY. Nil for files, whose priority stands in the header: see `record(at:)`.
    package func priority(at index: Int) -> UInt8? {
        if case .journal(let entries) = origin { return entries.priority(at: index) }
        return nil
    }

    /// Journal: the entry's MESSAGE_ID. Nil for files.
    package func messageID(at index: Int) -> String? {
        if case .journal(let entries) = origin { return entries.messageID(at: index) }
        return nil
    }

    /// Where the record of byte `offset` of `bytes` is; nil for a newline between two.
    package func index(ofByte offset: Int) -> Int? {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < offset { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= offset ? low : nil
    }
}
