import Formats
import Glibc
import Logging
import Platform
import TestSupport
import Testing

@testable import Control

@Suite struct ControlServerTests {
    private func serve(_ handler: @escaping ControlServer.Handler) throws -> (ControlServer, String) {
        let path = "/tmp/herald-control-\(Randomness.identifier().prefix(12)).sock"
        return (try ControlServer(path: path, log: Logger(label: "test"), handler: handler), path)
    }

    @Test("a request reaches the handler with body and peer, its answer comes back") func roundTrip() throws {
        let (server, path) = try serve { request in
            .success(
                [
                    "command": .string(request.command), "uid": .int(Int64(request.peer.uid)),
                    "a": request.arguments["a"] ?? nil,
                ],
                body: Array(request.body.reversed()))
        }
        defer { server.stop() }
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let answer = try ControlClient(path: path).request("go", ["a": "ü\n"], body: body)
        #expect(answer.result["command"] == "go" && answer.result["a"] == "ü\n")
        #expect(answer.result["uid"]?.int == Int64(getuid()))
        #expect(answer.body == body.reversed())
    }

    @Test("an answer that took its time is sent whole, though it is larger than a socket holds")
    func late() throws {
        let path = "/tmp/herald-control-\(Randomness.identifier().prefix(12)).sock"
        let timeout = Duration.seconds(1)
        let server = try ControlServer(path: path, log: Logger(label: "test"), timeout: timeout) { _ in
            // What the peer had to ask is over by then.
            let end = SystemClock.monotonic() + timeout
            while SystemClock.monotonic() < end { _ = try? Poller.wait([], timeout: end - SystemClock.monotonic()) }
            return .success(true, body: [UInt8](repeating: 7, count: 8 << 20))
        }
        defer { server.stop() }
        #expect(try ControlClient(path: path).request("x").body.count == 8 << 20)
    }

    @Test("a refusal is thrown with its kind") func refusal() throws {
        let (server, path) = try serve { _ in .failure("not for you", .denied) }
        defer { server.stop() }
        #expect(throws: ControlError.refused("not for you", .denied)) { try ControlClient(path: path).request("x") }
    }

    @Test("where nobody listens the error says so") func nobody() throws {
        #expect(throws: ControlError.notRunning(path: "/tmp/herald-none.sock")) {
            try ControlClient(path: "/tmp/herald-none.sock").request("x")
        }
        let (server, path) = try serve { _ in .success(nil) }
        #expect(throws: SystemError.self) {
            try ControlServer(path: path, log: Logger(label: "t")) { _ in .success(nil) }
        }
        server.stop()
        #expect(throws: ControlError.notRunning(path: path)) { try ControlClient(path: path).request("x") }
    }

    @Test(
        "a peer that sends nonsense harms nobody else",
        arguments: ["\n", "{}\n", "[1]\n", "{\"command\":1}\n", "{\"command\":\"a\",\"body_length\":-1}\n", "x"])
    func nonsense(text: String) throws {
        let (server, path) = try serve { _ in .success(true) }
        defer { server.stop() }
        let bad = try ControlClient(path: path).connect()
        try ControlConnection(bad, timeout: .seconds(5)).send(Array(text.utf8))
        shutdown(bad.number, Int32(SHUT_WR))
        #expect(try ControlClient(path: path).request("x").result == true)
    }

    private static let marks = String(repeating: "\u{591}\u{5b0}", count: 1500)
    private static let tooMuch: [(String, JSON)] = [
        ("x", .object([.init(String(repeating: "n", count: 65), 1)])),
        ("x", .object([.init("list", .array([.object([.init(marks, 1)])]))])),
        ("x", .object([.init("id", .string(marks))])),
        ("x", .object([.init("states", .array([.string(marks)]))])),
        (marks, .null), (String(repeating: "c", count: 65), .null),
    ]

    @Test("a request of names and texts that take long to compare is refused unread", arguments: tooMuch)
    func excess(command: String, arguments: JSON) throws {
        let (server, path) = try serve { _ in .success(true) }
        defer { server.stop() }
        let error = #expect(throws: ControlError.self) {
            try ControlClient(path: path).request(command, arguments)
        }
        #expect(error.map { "\($0)".contains(" octets; ") } == true)
        let fine: JSON = ["id": .string(String(repeating: "a", count: 100_000)), "comment": "\u{591}\u{5b0} überall"]
        #expect(try ControlClient(path: path).request(String(repeating: "c", count: 64), fine).result == true)
    }

    @Test("peers that say nothing hold nobody up, and two requests are answered side by side") func sideBySide() throws
    {
        let (here, there) = (try WakeUp(), try WakeUp())
        // Each waits for the other: one after the other, neither would be answered well.
        let (server, path) = try serve { request in
            let (mine, other) = request.command == "here" ? (here, there) : (there, here)
            mine.signal()
            let met = try? Poller.wait([(other.descriptor.number, .readable)], timeout: .seconds(20))
            return .success(.bool(met?.isEmpty == false))
        }
        defer { server.stop() }
        let silent = try (0..<2).map { _ in try ControlClient(path: path).connect() }
        let second = try Worker.start("second") { _ = try? ControlClient(path: path).request("there") }
        #expect(try ControlClient(path: path).request("here").result == true)
        second.join()
        #expect(silent.count == 2)
    }

    @Test("what the gate refuses is not read, and the peer is told why") func gate() throws {
        let path = "/tmp/herald-control-\(Randomness.identifier().prefix(12)).sock"
        let server = try ControlServer(
            path: path, log: Logger(label: "test"),
            gate: { peer, command, length in
                peer.uid == getuid() && command == "send" && length > 1000 ? .failure("too much", .denied) : nil
            }, handler: { .success(["read": .int(Int64($0.body.count))]) })
        defer { server.stop() }
        let client = ControlClient(path: path)
        #expect(try client.request("send", body: [UInt8](repeating: 1, count: 1000)).result["read"]?.int == 1000)
        for count in [1001, 8 << 20] {
            #expect(throws: ControlError.refused("too much", .denied)) {
                try client.request("send", body: [UInt8](repeating: 1, count: count))
            }
        }
    }
}
