// Real journal files, written by systemd-journal-remote from the export format (systemd.io/JOURNAL_EXPORT_FORMATS).

import Glibc
import Platform

/// One entry in the making.
package struct ExportedEntry {
    package var time: Int64
    package var monotonic: Int64?
    package var boot = String(repeating: "ab", count: 16)
    package var fields: [(name: String, value: [UInt8])] = []

    package init(_ message: String?, at second: Int64, _ more: [(String, String)] = []) {
        time = (1_795_000_000 + second) * 1_000_000
        if let message { fields.append(("MESSAGE", Array(message.utf8))) }
        fields += more.map { ($0.0, Array($0.1.utf8)) }
    }

    /// Values with a newline, or not text, go with their length in eight bytes.
    package var exported: [UInt8] {
        var out = Array(
            "__REALTIME_TIMESTAMP=\(time)\n__MONOTONIC_TIMESTAMP=\(monotonic ?? time % 1_000_000_000_000)\n_BOOT_ID=\(boot)\n"
                .utf8)
        for (name, value) in fields {
            out += Array(name.utf8)
            if value.contains(where: { $0 < 0x20 || $0 > 0x7e }) {
                out.append(0x0a)
                out += withUnsafeBytes(of: UInt64(value.count).littleEndian) { Array($0) }
            } else {
                out.append(0x3d)
            }
            out += value + [0x0a]
        }
        return out + [0x0a]
    }

    private static let writer = "/lib/systemd/systemd-journal-remote"

    /// Appends to a journal file, which is made if it is not there.
    package static func write(
        _ entries: [ExportedEntry], _ environment: [String] = [], to path: String
    ) throws {
        guard access(writer, X_OK) == 0 else {
            throw Fault(words: "\(writer) is missing: this needs Debian's package systemd-journal-remote")
        }
        var child = ChildProcess([writer, "--output=" + path, "--split-mode=none", "-"], deadline: .seconds(60))
        child.environment += ["SYSTEMD_LOG_LEVEL=err"] + environment
        let result = try child.run(input: entries.flatMap(\.exported))
        guard result.ending == .exited(0) else {
            throw Fault(
                words: "systemd-journal-remote: \(result.ending) \(String(decoding: result.errors, as: UTF8.self))")
        }
    }

    private struct Fault: Error, CustomStringConvertible {
        var words: String
        var description: String { words }
    }
}
