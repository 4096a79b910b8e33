// Where the message of a line begins, and nothing else of its header: all that `herald scan --count` asks of most lines
// that the scan names. It reads the line where it stands, and makes neither time nor text of it.
// Must stay true: an answer is the one that `LineHeader.parse` would give. So only the common forms are known here, as
// they are usually written; for every other line the answer is nil.

extension LineHeader {
    /// Where the message begins in `line` (without its newline), or nil: then `parse` must be asked.
    package static func messageStart(of line: UnsafeRawBufferPointer, format: LineFormat) -> Int? {
        switch format {
        case .plain: return 0
        case .auto: break
        case .json, .docker, .cri: return nil
        }
        var walk = HeaderWalk(line)
        return walk.messageStart()
    }
}
