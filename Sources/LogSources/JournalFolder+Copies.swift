// Files of one id: somebody copied a journal file beside itself. The one whose entries go furthest is read; where it turns
// out to be damaged, the next one takes its place at the number that was reached. Each entry is read once, by its number.

import Formats
import Glibc
import Platform
import Records

/// Another file with the id of one that is read.
struct JournalCopy {
    var path: String
    var identity: FileKey
    var header: JournalFileHeader
}

extension JournalFile {
    /// Whether a file of the same id with this header goes further; of equal ones, one that is whole before one that
    /// is cut.
    func isSurpassed(by other: JournalFileHeader, _ isWhole: Bool) -> Bool {
        (other.tail, isWhole ? 1 : 0) > (header.tail, self.isWhole ? 1 : 0)
    }
}

extension JournalFolder {
    /// Whether the file is still where it was found.
    func isThere(_ file: JournalFile) -> Bool {
        var raw = stat()
        return stat(file.path, &raw) == 0 && FileKey(FileStatus(raw)) == file.identity
    }

    /// Of files of one id, all found for the first time, the one that goes furthest.
    func withoutCopies(_ fresh: [JournalFile], _ output: inout SourceOutput) -> [JournalFile] {
        var best: [String: JournalFile] = [:]
        for file in fresh {
            guard let other = best[file.id] else {
                best[file.id] = file
                continue
            }
            if other.isSurpassed(by: file.header, file.isWhole) { best[file.id] = file }
        }
        for copy in fresh {
            guard let file = best[copy.id], file !== copy, file.identity != copy.identity else { continue }
            note(JournalCopy(path: copy.path, identity: copy.identity, header: copy.header), of: file, &output)
        }
        return fresh.filter { best[$0.id] === $0 }
    }

    /// Remembers a copy, and says that it is there.
    func note(_ copy: JournalCopy, of file: JournalFile, _ output: inout SourceOutput) {
        let known = copies[file.id] ?? []
        copies[file.id] = known.filter { $0.path != copy.path && $0.path != file.path } + [copy]
        guard !known.contains(where: { $0.path == copy.path || $0.path == file.path }) else { return }
        let text =
            "\(Printable.text(copy.path, limit: 300)) is a copy of the journal file "
            + "\(Printable.text(file.path, limit: 300)), which is read."
        output.notices.append(SourceNotice(source, .remark, text))
    }

    /// Goes on with a copy of a file that gave less than it promised. False where none has more.
    func takeCopy(of file: JournalFile, _ output: inout SourceOutput) -> Bool {
        file.givenUp[file.identity] = file.header.tail
        file.owed = max(file.owed, file.header.tail)
        let further = (copies[file.id] ?? []).filter {
            $0.header.tail > file.position && file.givenUp[$0.identity] != $0.header.tail
        }
        guard let copy = further.max(by: { $0.header.tail < $1.header.tail }) else { return false }
        copies[file.id] = copies[file.id]?.filter { $0.path != copy.path }
        let text =
            "The journal file \(Printable.text(file.path, limit: 300)) is damaged; its copy "
            + "\(Printable.text(copy.path, limit: 300)) is read on."
        output.notices.append(SourceNotice(source, .remark, text))
        file.failures = 0
        place(file, copy, isWhole: true)
        return true
    }

    /// A copy was read to its end: what the file promised beyond that is missing.
    func settleDebt(_ file: JournalFile, _ output: inout SourceOutput) {
        guard file.owed > file.position else { return }
        let missing = file.owed - file.position
        gap(
            "Up to \(counted(missing, "entry", "entries")) of the damaged journal file that \(Printable.text(file.path, limit: 300)) is a copy of cannot be read.",
            &output)
        file.position = file.owed
    }
}
