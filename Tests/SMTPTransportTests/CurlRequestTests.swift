import Formats
import Glibc
import Platform
import SMTPTransport
import Synchronization
import TestSupport
import Testing

/// curl(1) itself, against a peer that speaks plain HTTP: what goes over TLS is shown where there are certificates.
@Suite struct CurlRequestTests {
    private func request(_ peer: ScriptedPeer, limit: Int = 1 << 20) throws -> CurlRequest {
        try CurlRequest(url: "http://127.0.0.1:\(peer.port)/x?a=[1]", protocols: "http", limit: limit)
    }

    private static func response(_ status: String, _ head: String, _ body: String) -> [UInt8] {
        Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(head)\r\n\r\n\(body)".utf8)
    }

    @Test(
        "an answer of whatever status is brought whole: status, type, body",
        arguments: [
            ("200 OK", 200, ""), ("200 OK", 200, "one"), ("200 OK", 200, "one\ntwo\n"),
            ("200 OK", 200, "\n\n200\ntext/x"),
            ("404 No", 404, "{\"error\":\"x\"}"), ("503 Later", 503, "\r\n"),
        ]) func replies(_ status: String, _ code: Int, _ body: String) throws
    {
        let peer = try ScriptedPeer([
            .expect("GET /x?a=[1] "), .send(Self.response(status, "Content-Type: text/plain; a=b", body)),
        ])
        defer { peer.stop() }
        let reply = try request(peer).run(deadline: .seconds(20))
        #expect(reply.code == 0 && reply.httpStatus == code)
        #expect(reply.contentType == "text/plain; a=b")
        #expect(String(decoding: reply.body, as: UTF8.self) == body)
        #expect(peer.problems == [])
    }

    @Test("no type is none") func withoutType() throws {
        let peer = try ScriptedPeer([.expect("GET "), .send(Self.response("200 OK", "X: y", "body\n"))])
        defer { peer.stop() }
        let reply = try request(peer).run(deadline: .seconds(20))
        #expect(reply.contentType == "" && reply.httpStatus == 200 && reply.body == Array("body\n".utf8))
    }

    @Test("a redirect is an answer like any other") func redirect() throws {
        let other = try ScriptedPeer([.stall])
        defer { other.stop() }
        let peer = try ScriptedPeer([
            .expect("GET "), .send(Self.response("302 Found", "Location: http://127.0.0.1:\(other.port)/", "")),
        ])
        defer { peer.stop() }
        #expect(try request(peer).run(deadline: .seconds(20)).httpStatus == 302)
        #expect(other.connections == 0)
    }

    @Test("a body beyond the limit is none, announced or not") func tooMuch() throws {
        let body = String(repeating: "x", count: 100_000)
        let announced = try ScriptedPeer([.expect("GET "), .send(Self.response("200 OK", "X: y", body))])
        defer { announced.stop() }
        let reply = try request(announced, limit: 1000).run(deadline: .seconds(20))
        #expect(reply.code == 63, "CURLE_FILESIZE_EXCEEDED")
        #expect(reply.body.isEmpty)
        let silent = try ScriptedPeer([.expect("GET "), .send(Array("HTTP/1.1 200 OK\r\n\r\n\(body)".utf8)), .close])
        defer { silent.stop() }
        let second = try? request(silent, limit: 1000).run(deadline: .seconds(20))
        #expect(second?.code ?? 63 == 63, "curl itself, or its output's bound")
    }

    @Test("a server that says nothing costs the deadline and no more") func silence() throws {
        let peer = try ScriptedPeer([.stall])
        defer { peer.stop() }
        let reply = try request(peer).run(deadline: .seconds(1))
        #expect(reply.code == 28, "CURLE_OPERATION_TIMEDOUT")
        #expect(reply.words.contains("timed out"))
    }

    @Test("other protocols than the one that was said are refused") func protocols() throws {
        let peer = try ScriptedPeer([.stall])
        defer { peer.stop() }
        let reply = try CurlRequest(url: "http://127.0.0.1:\(peer.port)/").run(deadline: .seconds(20))
        #expect(reply.code == 1, "CURLE_UNSUPPORTED_PROTOCOL")
        #expect(peer.connections == 0)
    }

    @Test("values go through as they are, quotes, backslashes and tabs and all") func quoting() throws {
        let value = #"a"b\c\n%{x} 'd' # e ; ü"# + "\tf"
        let peer = try ScriptedPeer([
            .expect("GET "), .expect("Host:"), .expect("User-Agent:"), .expect("Accept:"), .expect("X-Test: \(value)"),
            .send(Self.response("200 OK", "X: y", "")),
        ])
        defer { peer.stop() }
        var request = try request(peer)
        try request.option("header", "X-Test: \(value)")
        #expect(try request.run(deadline: .seconds(20)).httpStatus == 200)
        #expect(peer.problems == [])
    }

    @Test(
        "a value with a line end or NUL would be another option: refused",
        arguments: ["a\nb", "a\rb", "a\r\nb", "a\u{0}b"])
    func lines(_ value: String) throws {
        var request = try CurlRequest(url: "https://a.example/")
        #expect(throws: CurlFault.self) { try request.option("user", value) }
        #expect(throws: CurlFault.self) { try CurlRequest(url: value) }
    }

    @Test("nothing of a request stands where other users of the host can read it") func secrets() throws {
        let secret = "sesame-\(Randomness.identifier())"
        let seen = Mutex<[String]>([])
        let peer = try ScriptedPeer([
            .expect("GET "),
            .run {
                for name in try Files.list("/proc") where Int(name) != nil {
                    let line = (try? Files.read("/proc/\(name)/cmdline")) ?? []
                    let environment = (try? Files.read("/proc/\(name)/environ")) ?? []
                    let text = String(decoding: line + environment, as: UTF8.self)
                    if text.hasPrefix(CurlRequest.program) || text.contains(secret) {
                        seen.withLock { $0.append(text) }
                    }
                }
            }, .send(Self.response("200 OK", "X: y", "")),
        ])
        defer { peer.stop() }
        var request = try request(peer)
        try request.option("user", "name:\(secret)")
        #expect(try request.run(deadline: .seconds(20)).httpStatus == 200)
        let all = seen.withLock { $0 }
        #expect(all.contains { $0.hasPrefix("\(CurlRequest.program)\0-q\0--config\0-\0") }, "\(all)")
        #expect(!all.contains { $0.contains(secret) })
    }
}
