// Postfix's smtp-sink, which does wrong what it is told to: another's idea of what servers do.

import Formats
import Glibc
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

/// What smtp-sink is told, and what becomes of a letter at its first attempt.
struct SmtpSinkRow: Sendable, CustomTestStringConvertible {
    var options: [String]
    var state: DeliveryState
    var isPaused = false

    var testDescription: String { options.joined(separator: " ") }

    static let all: [SmtpSinkRow] = [
        SmtpSinkRow(options: [], state: .sent),
        // It knows HELO only; no PIPELINING; no 8BITMIME; no enhanced codes; answers late.
        SmtpSinkRow(options: ["-e"], state: .sent), SmtpSinkRow(options: ["-p"], state: .sent),
        SmtpSinkRow(options: ["-8"], state: .sent), SmtpSinkRow(options: ["-E"], state: .sent),
        SmtpSinkRow(options: ["-W", "data:1"], state: .sent),
        // Gone without a word.
        SmtpSinkRow(options: ["-q", "connect"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-q", "ehlo"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-q", "mail"], state: .queued), SmtpSinkRow(options: ["-q", "rcpt"], state: .queued),
        SmtpSinkRow(options: ["-q", "data"], state: .queued), SmtpSinkRow(options: ["-q", "."], state: .uncertain),
        SmtpSinkRow(options: ["-q", "quit"], state: .sent),
        // 421, and gone.
        SmtpSinkRow(options: ["-Q", "connect"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-Q", "ehlo"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-Q", "mail"], state: .queued), SmtpSinkRow(options: ["-Q", "rcpt"], state: .queued),
        SmtpSinkRow(options: ["-Q", "data"], state: .queued), SmtpSinkRow(options: ["-Q", "."], state: .queued),
        // 450.
        SmtpSinkRow(options: ["-r", "connect"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-r", "mail"], state: .queued), SmtpSinkRow(options: ["-r", "rcpt"], state: .queued),
        SmtpSinkRow(options: ["-r", "data"], state: .queued), SmtpSinkRow(options: ["-r", "."], state: .queued),
        // 500, which to EHLO means that it is not known, and HELO does.
        SmtpSinkRow(options: ["-f", "connect"], state: .queued, isPaused: true),
        SmtpSinkRow(options: ["-f", "ehlo"], state: .sent), SmtpSinkRow(options: ["-f", "mail"], state: .failed),
        SmtpSinkRow(options: ["-f", "rcpt"], state: .failed), SmtpSinkRow(options: ["-f", "data"], state: .failed),
        SmtpSinkRow(options: ["-f", "."], state: .failed), SmtpSinkRow(options: ["-f", "quit"], state: .sent),
    ]
}

@Suite(.disabled(if: ServerPeer.areLeftOut, "left out: HERALD_WITHOUT_PEERS is set")) struct SmtpSinkTests {
    /// A running smtp-sink; killed with its last reference.
    private struct Sink {
        let process: RunningProcess
        let port: Int

        init(_ options: [String], _ folder: String) throws {
            let unpacked = try ServerPeer.run(["unpack", "postfix"], .seconds(900))
            try #require(unpacked.ending == .exited(0), "\(String(decoding: unpacked.errors, as: UTF8.self))")
            let tree = String(decoding: unpacked.output.prefix { $0 != 0x0a }, as: UTF8.self)
            let output = try Descriptor.open(folder + "/smtp-sink.log", O_WRONLY | O_APPEND | O_CREAT)
            let user = geteuid() == 0 ? ["-u", "nobody"] : []
            for _ in 0..<10 {
                let port = 20_000 + Int.random(in: 0..<12_000)
                let process = try RunningProcess(
                    ["\(tree)/usr/sbin/smtp-sink"] + user + options + ["127.0.0.1:\(port)", "16"],
                    environment: ["LD_LIBRARY_PATH=\(tree)/usr/lib/postfix"], output: output)
                if try Self.listens(port, process) {
                    (self.process, self.port) = (process, port)
                    return
                }
            }
            throw SystemError("start smtp-sink")
        }

        /// Whether it has the port, by the kernel's list: a probe would use up what it is told to do once.
        private static func listens(_ port: Int, _ process: RunningProcess) throws -> Bool {
            let hex = String(port, radix: 16, uppercase: true)
            let wanted = "0100007F:" + String(repeating: "0", count: 4 - hex.count) + hex + " 00000000:0000 0A"
            for _ in 0..<500 {
                if process.wait(atMost: .zero) != nil { return false }
                if String(decoding: try Files.read("/proc/net/tcp"), as: UTF8.self).contains(wanted) { return true }
                _ = try Poller.wait([], timeout: .milliseconds(10))
            }
            return false
        }
    }

    @Test("smtp-sink", arguments: SmtpSinkRow.all) func fault(_ row: SmtpSinkRow) throws {
        let bench = try FaultRowBench()
        let sink = try Sink(row.options, bench.site.folder.path)
        let letter = Letter.sample()
        try bench.site.hand(letter)
        let settings = try bench.settings(port: sink.port, [letter])
        try bench.run(settings, noWait: true)
        let delivery = try #require(try bench.site.rows(letter).first)
        #expect(delivery.state == row.state, "\(delivery.lastReply ?? "")")
        #expect(try bench.account(settings).isPaused == row.isPaused)
        #expect(delivery.attempts == (row.isPaused ? 0 : 1))
        bench.expectPrintable(delivery.lastReply)
    }
}
