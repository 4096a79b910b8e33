// What is said, once, and taken back when it is over.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// A fault of `place`, told when it is new or another than before.
    func say(
        _ place: String, _ path: String, _ text: String, reader: FileKey? = nil, _ output: inout SourceOutput
    ) {
        if let notice = faults.note(place, of: path, text, reader: reader) { output.notices.append(notice) }
    }

    /// A log in which nothing can be found.
    func say(_ encoding: WideEncoding, of file: TailedFile, _ output: inout SourceOutput) {
        let path = LogPath.shown(file.placedAt)
        let words = encoding.words(path: ShellWord.quoted(path), scan: options.command.line("scan -"))
        let text = "no rule finds anything in \(path): it \(words) looks at what is there; let its program write UTF-8"
        say(file.placedAt, file.path, text, &output)
    }

    /// A checkpoint that moved without records.
    func note(_ checkpoint: FileCheckpoint, _ output: inout SourceOutput) {
        output.move(.file(checkpoint))
    }

    func gap(_ path: String, _ text: String, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(.file(path), .gap, text))
    }
}

/// What a person can do about a file that cannot be read.
enum Remedy {
    /// As the end of a sentence; empty where there is no advice.
    static func text(_ errno: Int32, path: String) -> String {
        switch errno {
        case EACCES, EPERM:
            guard let status = (try? LogFile.status(path)) ?? nil, status.permissions & 0o040 != 0,
                let group = getgrgid(status.group), let name = group.pointee.gr_name
            else { return "; give \(userName) the right to read it and to pass its folders" }
            return "; its group may: \(joining(String(cString: name)))"
        case EMFILE: return "; raise LimitNOFILE= of herald-watcher.service"
        default: return ""
        }
    }

    /// How this process gets the rights of a group. The same words for files and journals.
    static func joining(_ group: String) -> String {
        "`adduser \(userName) \(group)`, then restart herald-watcher, or log in again"
    }

    private static var userName: String {
        guard let user = getpwuid(geteuid()), let name = user.pointee.pw_name else { return "herald-watcher" }
        return String(cString: name)
    }
}

extension FileStatus {
    /// What it is instead of a regular file.
    var kindName: String {
        switch mode & UInt32(S_IFMT) {
        case UInt32(S_IFDIR): "a folder"
        case UInt32(S_IFIFO): "a FIFO"
        case UInt32(S_IFSOCK): "a socket"
        case UInt32(S_IFCHR), UInt32(S_IFBLK): "a device"
        default: "something else"
        }
    }
}
