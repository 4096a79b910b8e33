// What is said, once, and taken back when it is over.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// Something that keeps a path from being read.
    struct Fault {
        var text: String
        /// The log of which it was said.
        var path: String
        /// The open file that could not be read; nil where none could be opened.
        var reader: FileKey?
    }

    /// Of more than these it is said only that there are more: whoever may make files makes faults.
    static let faultLimit = 100

    /// A fault of `place`, told when it is new or another than before.
    func say(
        _ kind: SourceNotice.Kind, _ place: String, _ path: String, _ text: String, reader: FileKey? = nil,
        _ output: inout SourceOutput
    ) {
        if faults[place]?.text == text { return }
        guard faults[place] != nil || faults.count < Self.faultLimit else { return sayMore(path, &output) }
        faults[place] = Fault(text: text, path: path, reader: reader)
        output.notices.append(SourceNotice(.file(path), kind, Printable.text(text)))
    }

    private func sayMore(_ path: String, _ output: inout SourceOutput) {
        hasFurtherFaults = true
        if furtherFaults != nil { return }
        let folder = Files.split(path).directory
        let text = "more than \(Self.faultLimit) files cannot be read; only these are named"
        furtherFaults = Fault(text: text, path: folder)
        output.notices.append(SourceNotice(.file(folder), .unreadable, text))
    }

    /// The file was read: what was wrong with the reading of it is over. What is wrong with its place is not, if another
    /// stands there.
    func clearFault(of file: TailedFile, _ output: inout SourceOutput) {
        guard !faults.isEmpty, faults[file.placedAt]?.reader == file.key else { return }
        endFault(file.placedAt, "is read again", &output)
    }

    /// Ends the faults of places at which nothing is wrong any more. `isFaulty`: what the scan found.
    func clearFaults(_ isFaulty: (String) -> Bool, isThere: (String) -> Bool, _ output: inout SourceOutput) {
        for (place, fault) in faults where !isFaulty(place) {
            if let reader = fault.reader, files[reader]?.placedAt == place { continue }
            endFault(place, isThere(place) ? "is read again" : "is not there any more", &output)
        }
        if let further = furtherFaults, !hasFurtherFaults, faults.count < Self.faultLimit {
            furtherFaults = nil
            output.notices.append(
                SourceNotice(.file(further.path), .readable, "All files that cannot be read are named again."))
        }
    }

    private func endFault(_ place: String, _ words: String, _ output: inout SourceOutput) {
        guard let fault = faults.removeValue(forKey: place) else { return }
        output.notices.append(SourceNotice(.file(fault.path), .readable, "\(LogPath.shown(place)) \(words)."))
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
            return "; its group may: `adduser \(userName) \(String(cString: name))`, then restart herald-watcher"
        case EMFILE: return "; raise LimitNOFILE= of herald-watcher.service"
        default: return ""
        }
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
