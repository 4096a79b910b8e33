// Equal bytes in another file: a copy of what was read, or the same lines written again? Lines that bear times are not
// written again. Of others it is a copy only where something besides the bytes says so; else they are told, for twice is
// better than lost.

import Formats
import Platform
import Records

extension GenerationSurvey {
    /// Whether a generation that holds what another file holds is a copy of that.
    mutating func isSurelyCopy(_ index: Int) -> Bool {
        if isOfOldFiles(index) { return true }
        return descriptor(index).map { Self.bearsTimes($0) } ?? false
    }

    /// The same of an archive whose text begins with `head`.
    func isSurelyCopy(_ index: Int, archiveOf head: [UInt8]) -> Bool { isOfOldFiles(index) || Self.bearTimes(head) }

    /// No file has come to the log's path and left it since the last look, or it was a copy before that: where nothing was
    /// written, nothing was written again.
    private func isOfOldFiles(_ index: Int) -> Bool {
        present?.isSettled ?? false || knownCopies.contains(index)
    }

    /// Whether the text of which a generation holds all that was read, or a beginning, may have been copied there. It was
    /// where its own file is there yet and holds another text: that was truncated (copytruncate).
    mutating func mayBeCopy(_ index: Int, of text: FileCheckpoint) -> Bool {
        text.isPassedOver || isThere(fileOf: text) || isSurelyCopy(index)
    }

    /// Whether the file in which a text stood is at the log's path, or among the generations, whatever it holds.
    mutating func isThere(fileOf text: FileCheckpoint) -> Bool {
        let key = FileKey(text)
        if let present, present.key == key { return !present.descriptor.isAnother(than: text) }
        guard let index = chain.firstIndex(where: { $0.key == key }) else { return false }
        return glance(index).map { !$0.isAnother(than: text) } ?? false
    }

    /// Whether the lines of a file bear times.
    static func bearsTimes(_ file: Descriptor) -> Bool {
        (try? file.read(at: 0, upTo: 4096)).map { bearTimes($0) } ?? false
    }

    /// Whether one of these lines bears a time, of day and date, or since the kernel's start.
    private static func bearTimes(_ lines: [UInt8]) -> Bool {
        let context = LineContext(format: LineFormat.recognised(in: lines), readAt: Timestamp(seconds: 0))
        return lines.split(separator: 0x0a).prefix(32).contains { line in
            let header = LineHeader.parse(Array(line), context: context)
            return header.time != nil || header.uptime != nil || header.isInnerDated
        }
    }
}
