// The files that the host's syslog daemon writes. With the journal read as well, what stands in them is told twice.

import Formats
import Glibc
import Platform

/// A file that rsyslog or syslog-ng writes, and where its configuration says so.
struct SyslogFile: Equatable {
    var path: String
    /// `/etc/rsyslog.conf:60`.
    var place: String

    /// Those of this host, as far as files are named without templates; none where no such daemon is installed.
    static func all(root: String = "") -> [SyslogFile] {
        var found: [SyslogFile] = []
        for (program, main, folder) in [
            ("/usr/sbin/rsyslogd", "/etc/rsyslog.conf", "/etc/rsyslog.d"),
            ("/usr/sbin/syslog-ng", "/etc/syslog-ng/syslog-ng.conf", "/etc/syslog-ng/conf.d"),
        ] where access(root + program, F_OK) == 0 {
            let more = ((try? Files.list(root + folder)) ?? []).sorted().filter { $0.hasSuffix(".conf") }
            for file in [main] + more.map({ folder + "/" + $0 }) {
                guard let bytes = try? Files.read(root + file, limit: 1 << 20) else { continue }
                found += parse(String(decoding: bytes, as: UTF8.self), file: file)
            }
        }
        return found
    }

    /// `*.*;auth.none  -/var/log/syslog` (rsyslog.conf(5), "Actions"), `action(type="omfile" file="/var/log/syslog")`,
    /// `file("/var/log/syslog")` (syslog-ng). What looks otherwise is passed over: a warning that is missing costs little.
    static func parse(_ text: String, file: String) -> [SyslogFile] {
        var found: [SyslogFile] = []
        for (number, line) in text.pieces(at: "\n").enumerated() {
            // By octets: CR LF is one Character, and no newline.
            let line = (line.ends("\r") ? line.dropLast() : line).drop { $0 == " " || $0 == "\t" }
            guard let first = line.first, first != "#" else { continue }
            var path: Substring?
            for opening in ["file=\"", "File=\"", "file(\""] {
                guard let range = line.utf8.firstRange(ofBytes: opening.utf8) else { continue }
                path = line[range.upperBound...].prefix { $0 != "\"" }
            }
            if path == nil, line.contains("."), !line.contains("(") {
                let words = line.split { $0 == " " || $0 == "\t" }
                path = words.count == 2 ? words[1].drop { $0 == "-" }.prefix { $0 != ";" } : nil
            }
            guard let path, path.hasPrefix("/"), !path.hasPrefix("/dev/"), !path.contains("$") else { continue }
            found.append(SyslogFile(path: String(path), place: "\(file):\(number + 1)"))
        }
        return found
    }

    /// Whether a path or glob of the settings names it.
    func isNamed(by pattern: String) -> Bool {
        pattern == path || fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0
    }
}
