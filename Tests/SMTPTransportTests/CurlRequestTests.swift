import Formats
import Glibc
import Platform
import SMTPProtocol
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

    @Test("no copy of a request's secret is left in memory that a core dump has, the request's own among it")
    func wiped() throws {
        var random = SystemRandomNumberGenerator()
        let secret = Secret(count: 48) { out in
            for index in out.indices { out[index] = UInt8.random(in: 0x61...0x7a, using: &random) }
        }
        // Nobody listens there: a peer in this process would have it.
        var request = try CurlRequest(url: "http://127.0.0.1:1/", protocols: "http")
        try request.option("oauth2-bearer", secret)
        try request.option("user", Secret(.text("name:"), .secret(secret)))
        #expect(try request.run(deadline: .seconds(20)).code == 7, "CURLE_COULDNT_CONNECT")
        #expect(try OwnMemory.copies(of: secret) == 0)
        let copy = secret.withBytes { Array($0) }
        #expect(try OwnMemory.copies(of: secret) > 0, "a copy is found where there is one: \(copy.count)")
    }
}

/// This process's memory, as a core dump of it would have it.
private enum OwnMemory {
    static func copies(of secret: Secret) throws -> Int {
        let memory = try Descriptor.open("/proc/self/mem", O_RDONLY)
        var count = 0
        for range in try dumped() {
            // What is looked through lies where no dump has it.
            let part = Secret(count: range.count) { out in
                _ = pread(memory.number, out.baseAddress, out.count, off_t(range.lowerBound))
            }
            count += part.withBytes { part in secret.withBytes { occurrences(of: $0, in: part) } }
        }
        return count
    }

    private static func occurrences(of secret: UnsafeRawBufferPointer, in part: UnsafeRawBufferPointer) -> Int {
        var (count, rest) = (0, part)
        while let found = memmem(rest, secret) {
            count += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(found + 1)...])
        }
        return count
    }

    private static func memmem(_ text: UnsafeRawBufferPointer, _ wanted: UnsafeRawBufferPointer) -> Int? {
        guard let start = text.baseAddress, let other = wanted.baseAddress, let first = wanted.first else { return nil }
        var from = 0
        while from + wanted.count <= text.count,
            let found = memchr(start + from, Int32(first), text.count - from - wanted.count + 1)
        {
            if memcmp(found, other, wanted.count) == 0 { return UnsafeRawPointer(found) - start }
            from = UnsafeRawPointer(found) - start + 1
        }
        return nil
    }

    /// Readable, and without VmFlags' `dd` (proc(5)).
    private static func dumped() throws -> [Range<UInt>] {
        var ranges: [Range<UInt>] = []
        var last: Range<UInt>?
        for line in String(decoding: try Files.read("/proc/self/smaps"), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2 {
                last = words[1].hasPrefix("r") && words[1].contains("w") ? ends[0]..<ends[1] : nil
            } else if words[0] == "VmFlags:", !words.contains("dd"), let range = last {
                ranges.append(range)
            }
        }
        return ranges
    }
}
