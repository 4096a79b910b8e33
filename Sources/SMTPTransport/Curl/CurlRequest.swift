// HTTPS and IMAP by curl(1), run as a child: tokens, MTA-STS policies, the copy in Sent. It is not linked, for libcurl brings
// 26 libraries; and what it parses of strangers' it parses in a process of its own. What must stay true: every option goes
// by standard input (`--config -`), so that no secret stands in a command line or an environment; no file of a user's is
// read (`-q` comes first); nothing is followed to another place; time and size are bounded.

import Formats
import Glibc
import Platform
import SMTPProtocol

/// One request. Blocks the thread that runs it.
package struct CurlRequest: Sendable {
    /// Where Debian's package has it.
    package static let program = "/usr/bin/curl"
    package static var isInstalled: Bool { access(program, X_OK) == 0 }

    /// Lines of curl's configuration. Secrets stay in memory of their own until curl is fed.
    private var lines: [Secret.Piece] = []
    private let outputLimit: Int

    /// `protocols` is what the URL may be of, in curl's words: `https`, `imaps`. The answer may have `limit` bytes.
    package init(url: String, protocols: String = "https", limit: Int = 1 << 20) throws(CurlFault) {
        outputLimit = limit
        try option("url", url)
        try option("proto", "=" + protocols)
        // A redirect is an answer like any other (RFC 8461 section 3.3: never followed).
        try option("max-redirs", "0")
        try option("max-filesize", "\(limit)")
        // Behind the body, a line each.
        try option("write-out", #"\n%{http_code}\n%{content_type}\n%header{retry-after}"#)
        flag("tlsv1.2")
        flag("globoff")
        flag("silent")
        flag("show-error")
    }

    /// An option with its value. Throws where the value cannot stand on a line.
    package mutating func option(_ name: String, _ value: some StringProtocol) throws(CurlFault) {
        try Self.check(value.utf8, name)
        var quoted: [UInt8] = []
        Self.quote(value.utf8) { quoted.append($0) }
        add(name, .bytes(quoted))
    }

    package mutating func option(_ name: String, _ value: Secret) throws(CurlFault) {
        try value.withBytes { (bytes) throws(CurlFault) in try Self.check(bytes, name) }
        let quoted = value.withBytes { bytes in
            var count = 0
            Self.quote(bytes) { _ in count += 1 }
            return Secret(count: count) { out in
                var place = 0
                Self.quote(bytes) {
                    out[place] = $0
                    place += 1
                }
            }
        }
        add(name, .secret(quoted))
    }

    private static func check(_ value: some Sequence<UInt8>, _ name: String) throws(CurlFault) {
        guard !value.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }) else {
            throw CurlFault(words: "curl's option '\(name)' cannot have a line end or a NUL in its value")
        }
    }

    private static func quote(_ value: some Sequence<UInt8>, _ put: (UInt8) -> Void) {
        for byte in value {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x09 { put(UInt8(ascii: "\\")) }
            put(byte == 0x09 ? UInt8(ascii: "t") : byte)
        }
    }

    private mutating func add(_ name: String, _ quoted: Secret.Piece) {
        lines += [.text("\(name) = \""), quoted, .text("\"\n")]
    }

    /// An option without a value.
    package mutating func flag(_ name: String) { lines.append(.text("\(name)\n")) }

    /// Runs curl; `extra` is its descriptor 3 (`upload-file = "/dev/fd/3"`). Throws where there was no whole run of it; what
    /// the other side says is no fault, whatever it is.
    package func run(deadline: Duration, extra: Descriptor? = nil) throws(CurlFault) -> CurlReply {
        guard Self.isInstalled else { throw .missing }
        var request = self
        let seconds = max(1, (deadline.microseconds + 999_999) / 1_000_000)
        try request.option("max-time", "\(seconds)")
        try request.option("connect-timeout", "\(min(seconds, 30))")
        // The one copy, which nobody else holds any more when curl has ended.
        var input = Secret(request.lines).withBytes { Array($0) }
        defer { Secret.wipe(&input) }
        var child = ChildProcess([Self.program, "-q", "--config", "-"], deadline: deadline + .seconds(2))
        child.outputLimit = outputLimit + 4096
        let result: ChildProcess.Result
        do throws(SystemError) {
            result = try child.run(input: input, more: extra)
        } catch {
            throw CurlFault(words: "curl cannot be run: \(error)")
        }
        guard case .exited(let code) = result.ending else { throw CurlFault(words: "curl \(result.words)") }
        return CurlReply(code: code, output: result.output, errors: result.errors)
    }
}

/// What curl brought.
package struct CurlReply: Hashable, Sendable {
    /// curl's own exit code (curl(1), "EXIT CODES"); 0 means that there was an answer, not that it is a good one.
    package var code: Int32
    /// 0: there was none.
    package var httpStatus: Int
    /// As the server wrote it; hostile.
    package var contentType: String
    /// The header of that name (RFC 9110 section 10.2.3); hostile.
    package var retryAfter: String
    /// Hostile.
    package var body: [UInt8]
    /// What curl said of a failure, safe to show.
    package var words: String
    /// Of IMAP, under `verbose`: the last refusal (`NO [OVERQUOTA] …`), safe to show.
    package var refusal: String?

    init(code: Int32, output: [UInt8], errors: [UInt8]) {
        self.code = code
        var parts: [String] = []
        var rest = output[...]
        for _ in 0..<3 {
            guard let end = rest.lastIndex(of: 0x0a) else { break }
            parts.append(String(decoding: rest[(end + 1)...], as: UTF8.self))
            rest = rest[..<end]
        }
        let isWhole = parts.count == 3
        (retryAfter, contentType) = isWhole ? (parts[0], parts[1]) : ("", "")
        httpStatus = isWhole ? Int(parts[2]) ?? 0 : 0
        body = Array(isWhole ? rest : output[...])
        let lines = errors.split(separator: 0x0a)
        // Under `verbose` lines of ours stand there too, with secrets in them.
        let said = Printable.text(lines.last { $0.starts(with: "curl: (".utf8) } ?? [], limit: 300)
        words = code == 0 ? "" : said.isEmpty ? "curl ended with \(code)" : said
        refusal = lines.last(where: Self.isRefusal).map { line in
            let text = line.dropFirst(2).drop { $0 != 0x20 }.dropFirst()
            return Printable.text(text.prefix { $0 != 0x0d }, limit: 200)
        }
    }

    /// `< A003 NO [OVERQUOTA] …` (RFC 3501 section 7.1.2).
    private static func isRefusal(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.starts(with: "< ".utf8) else { return false }
        let words = line.dropFirst(2).split(separator: 0x20, maxSplits: 2)
        guard words.count > 1, words[0].first != UInt8(ascii: "*"), words[0].first != UInt8(ascii: "+") else {
            return false
        }
        return words[1].elementsEqual("NO".utf8) || words[1].elementsEqual("BAD".utf8)
    }
}

/// Why there is no reply.
package struct CurlFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var words: String
    /// curl is not installed.
    package var isMissing = false

    package static let missing = CurlFault(
        words: "curl is not installed, which Herald fetches this with: apt-get install curl", isMissing: true)

    package var description: String { words }
}
