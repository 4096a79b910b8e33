// A real systemd-journald with a journal of its own, as Tests/Peers/journald starts it.

import Formats
import Glibc
import Platform

/// Stopped and removed when it goes. Used by one test.
package final class JournaldPeer {
    package let folder: String
    /// What is /var/log/journal to those that run in it.
    package var journals: String { folder + "/log" }

    private static let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/journald"

    /// - Parameter settings: lines beneath `[Journal]` (journald.conf(5)).
    package init(settings: String = "", namespaces: [String] = []) throws {
        folder = "/tmp/herald-journald-\(Randomness.identifier().prefix(8))"
        try Files.makeDirectories(folder, mode: 0o755)
        try Files.write((settings + "\n").utf8, to: folder + "/conf")
        let result = try ChildProcess(
            ["/bin/sh", Self.script, "start", folder] + namespaces, deadline: .seconds(60)
        ).run()
        guard result.ending == .exited(0) else {
            // 77: a container without namespaces of its own.
            let isAllowed = result.ending == .exited(77) && !Completeness.isDemanded
            throw Fault(
                words: "no journald: " + String(decoding: result.errors, as: UTF8.self), isUnavailable: isAllowed)
        }
    }

    /// What went wrong.
    package struct Fault: Error, CustomStringConvertible {
        package var words: String
        /// No journald can be started here at all; the test may be cancelled.
        package var isUnavailable = false
        package var description: String { words }
    }

    deinit {
        _ = try? ChildProcess(["/bin/sh", Self.script, "stop", folder], deadline: .seconds(30)).run()
        try? Files.removeTree(folder)
    }

    /// Runs a command where this journal is the system's, to its end.
    @discardableResult
    package func run(_ command: [String]) throws -> ChildProcess.Result {
        try ChildProcess(["/bin/sh", Self.script, "run", folder] + command, deadline: .seconds(120)).run()
    }

    /// journalctl there; it must succeed.
    package func journalctl(_ arguments: String...) throws {
        let result = try run(["journalctl"] + arguments)
        guard result.ending == .exited(0) else {
            throw Fault(words: "journalctl \(arguments): " + String(decoding: result.errors, as: UTF8.self))
        }
    }

    /// Writes an entry by the native protocol.
    package func send(_ message: String, namespace: String = "", _ fields: [String] = []) throws {
        let socket = folder + "/run/systemd/journal\(namespace.isEmpty ? "" : "." + namespace)/socket"
        let datagram = (["MESSAGE=" + message] + fields).joined(separator: "\n") + "\n"
        guard UnixSocket.sendDatagram(Array(datagram.utf8), to: socket) else {
            throw Fault(words: "journald at \(socket) takes no entry")
        }
    }
}
