// What token endpoints, browsers and IMAP servers say of a sign-in and of the folder for what was sent.

import Authorization
import Formats
import SMTPProtocol
import SMTPTransport

@MainActor enum SignInTargets {
    private static let ways: [OAuthClient.Way] = [.deviceCode, .loopback, .clientCredentials, .serviceAccount]

    /// An answer brings a token that can be used and kept, or words that can be shown.
    static func token(_ input: [UInt8]) {
        var reader = InputReader(input)
        let status = [200, 200, 400, 401, 403, 429, 500, 503][reader.below(8)]
        let way = ways[reader.below(ways.count)]
        let retryAfter = String(decoding: reader.bytes(reader.below(8)), as: UTF8.self)
        judge(.http(status: status, retryAfter: retryAfter, body: reader.bytes()), way)
    }

    /// An id_token, as it is and with these claims: an address comes of it that can stand in a login, or none.
    static func identity(_ input: [UInt8]) {
        for text in [String(decoding: input, as: UTF8.self), "e30.\(Base64URL.encode(input)).x"] {
            if let address = IDToken.address(in: text) { judge(address) }
        }
    }

    private static func judge(_ answer: OAuthAnswer, _ way: OAuthClient.Way) {
        do throws(TokenFault) {
            judge(try TokenReply(answer, way))
        } catch {
            check(isFitToShow("\(error)"), "not safe to show: \(Printable.text("\(error)"))")
            check("\(error)".utf8.count < 4000, "\("\(error)".utf8.count) octets of words")
            if let wait = error.retryAfter { check(wait > .zero && wait <= .seconds(86400), "a wait of \(wait)") }
        }
    }

    private static func judge(_ reply: TokenReply) {
        for token in [reply.accessToken, reply.refreshToken].compactMap({ $0 }) {
            let isPlain = token.withBytes { $0.allSatisfy { (0x21...0x7e).contains($0) } }
            check(isPlain && (1...12_000).contains(token.count), "a token that does not go into a line")
        }
        check(reply.lifetime > .zero && reply.lifetime <= .seconds(86400), "a token for \(reply.lifetime)")
        if let lifetime = reply.refreshLifetime { check(lifetime > .zero, "a sign-in for \(lifetime)") }
        if let address = reply.address { judge(address) }
        var record = TokenRecord(client: "custom c https://a.example/t")
        record.take(reply, at: Timestamp(seconds: 1_795_264_874))
        let kept = record.encoded
        let again = kept.withBytes { TokenRecord(Array($0)) }
        check(again?.encoded == kept, "what is kept is read back otherwise")
    }

    private static func judge(_ address: String) {
        check(isFitToShow(address) && address.contains("@") && !address.contains(" "), "\(address)")
    }

    private static let client = OAuthClient(
        provider: .google, way: .loopback, id: "c", scopes: ["mail"],
        endpoints: OAuthEndpoints(token: "https://a.example/t", authorization: "https://a.example/a"))
    private static let consent = LoopbackConsent(client, port: 8080, random: Array(0..<64))
    private static let state: String = {
        let address = consent.address(hint: nil) ?? ""
        return address.split(separator: "&").first { $0.hasPrefix("state=") }.map(String.init) ?? ""
    }()

    /// What comes to the listener: nothing of it ends the sign-in without its state, and with it there is a code or a reason.
    static func consent(_ input: [UInt8]) {
        let text = String(decoding: input, as: UTF8.self)
        if !text.contains(state.dropFirst(6)) {
            guard case .foreign = consent.arrived(text) else { return check(false, "a stranger ends the sign-in") }
        }
        for target in ["/?\(state)&\(text)", "/?\(text)&\(state)"] {
            switch consent.arrived(target) {
            case .foreign: check(isInTheWay(text), target)
            case .code(let code):
                check((1...4096).contains(code.count), "a code of \(code.count) octets")
                _ = consent.tokenRequest(code)
            case .failed(let fault): check(isFitToShow("\(fault)"), "not safe: \(Printable.text("\(fault)"))")
            }
        }
    }

    /// A second state, what ends the query, or more than the forty fields that are looked at.
    private static func isInTheWay(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        return octets.firstRange(ofBytes: "state=".utf8) != nil || octets.contains { $0 == 0x20 || $0 == 0x23 }
            || octets.count { $0 == 0x26 } >= 39
    }

    /// What LIST says: a name is of one line of it. Of any text there is a name for the wire.
    static func folder(_ input: [UInt8]) {
        if let name = FolderName.sent(in: input) {
            check(!name.isEmpty && name.count < input.count, "a name of \(name.count) octets")
            check(!name.contains(0x0a) && !name.contains(0x0d), "a line end in a name")
        }
        let text = String(decoding: input, as: UTF8.self)
        let name = FolderName.encoded(text)
        check(name.allSatisfy { (0x20...0x7e).contains($0) }, "not for the wire: \(Printable.text(name))")
        let quoted = name.flatMap { $0 == 0x22 || $0 == 0x5c ? [0x5c, $0] : [$0] }
        guard !name.isEmpty else { return }
        let line = Array("* LIST (\\HasNoChildren \\Sent) \"/\" \"".utf8) + quoted + Array("\"\r\n".utf8)
        check(FolderName.sent(in: line) == name, "LIST names another folder")
    }

    private static func isFitToShow(_ text: String) -> Bool { !text.unicodeScalars.contains(where: \.isUnsafeToShow) }
}
