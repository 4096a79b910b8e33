// What is said, once, and taken back when it is over; and what `herald status` shows.

import Formats
import Glibc
import Platform
import Records

extension FileTailer {
    /// A fault of `place`, told when it is new or another than before.
    func say(
        _ kind: SourceNotice.Kind, _ place: String, _ path: String, _ text: String, _ output: inout SourceOutput
    ) {
        if faults[place] == text { return }
        faults[place] = text
        output.notices.append(SourceNotice(.file(path), kind, Printable.text(text)))
    }

    func clearFault(_ place: String, _ path: String, _ output: inout SourceOutput) {
        if faults.isEmpty || faults.removeValue(forKey: place) == nil { return }
        output.notices.append(SourceNotice(.file(path), .readable, "\(LogPath.shown(place)) is read again."))
    }

    /// A checkpoint that moved without records.
    func note(_ checkpoint: FileCheckpoint, _ output: inout SourceOutput) {
        output.move(.file(checkpoint))
    }

    func gap(_ path: String, _ text: String, _ output: inout SourceOutput) {
        output.notices.append(SourceNotice(.file(path), .gap, text))
    }

    /// The paths at which something is wrong.
    package var faulty: [SourceStatus] { faults.map { SourceStatus(source: .file($0.key), fault: $0.value) } }

    /// Each path that is read, with what of its log is not read yet, its rotated generations included; and each at which
    /// something is wrong; and each path or glob of the settings that names nothing.
    package var status: [SourceStatus] {
        var all: [SourceStatus] = []
        for log in logs.values where !log.open.isEmpty {
            let open = log.open.compactMap { files[$0] }
            let fault = open.lazy.compactMap { self.faults[$0.placedAt] }.first ?? faults[log.path]
            guard fault != nil || open.contains(where: { $0.isCurrent || !$0.isDrained }) else { continue }
            let behind = open.reduce(0) { $0 + $1.behind }
            all.append(SourceStatus(source: .file(log.path), fault: fault, behind: behind))
        }
        let shown = Set(all.map(\.source))
        all += faults.filter { !shown.contains(.file($0.key)) }.map {
            SourceStatus(source: .file($0.key), fault: $0.value)
        }
        all += emptyPatterns(all.map(\.source)).map { path in
            var status = SourceStatus(source: .file(path))
            status.isThere = false
            return status
        }
        return all.sorted { $0.source.name < $1.source.name }
    }

    /// What the settings name and none of `sources` is of.
    private func emptyPatterns(_ sources: [Source]) -> [String] {
        let paths = sources.compactMap { source in if case .file(let path) = source { path } else { nil } }
        return options.patterns.filter { pattern in
            let one = FileFinder(patterns: [pattern])
            return !paths.contains { one.pattern(for: $0) != nil }
        }.map(\.path)
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
