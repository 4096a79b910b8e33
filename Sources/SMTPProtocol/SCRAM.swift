// SCRAM, RFC 5802 and RFC 7677. What must stay true: the server's signature is checked before it is believed; a server
// cannot make us work for ever (iterations), nor lower the work that stands between the proof and the password; nobody on
// the way can make us bind to less than both sides can.

import Formats

/// What both sides compute.
enum SCRAM {
    /// RFC 7677 section 4 asks for 4096 at least; a million takes half a second of a slow core.
    static let iterationBounds = 4096...1_000_000

    /// `a=x,b=y` in order; nil where an element is not that.
    static func attributes(_ message: [UInt8]) -> [(name: UInt8, value: [UInt8])]? {
        var out: [(name: UInt8, value: [UInt8])] = []
        for element in message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let name = element.first, element.dropFirst().first == UInt8(ascii: "=") else { return nil }
            out.append((name, Array(element.dropFirst(2))))
        }
        return out
    }

    /// A name with `=` and `,` escaped (section 5.1).
    static func saslName(_ name: String) -> [UInt8] {
        var out: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "="): out += Array("=3D".utf8)
            case UInt8(ascii: ","): out += Array("=2C".utf8)
            default: out.append(byte)
            }
        }
        return out
    }

    static func name(from escaped: [UInt8]) -> String? {
        var out: [UInt8] = []
        var rest = escaped[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "=") {
                out.append(byte)
            } else if rest.starts(with: "3D".utf8) || rest.starts(with: "2C".utf8) {
                out.append(UInt8(ascii: rest.first == UInt8(ascii: "3") ? "=" : ","))
                rest = rest.dropFirst(2)
            } else {
                return nil
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The keys that a salted password gives.
    struct Keys: Sendable {
        var client: Secret
        var stored: Secret
        var server: Secret

        init(_ digest: Digest, password: Secret, salt: [UInt8], iterations: Int) throws(SASLError) {
            guard let salted = digest.stretch(password, salt: salt, iterations: iterations),
                let client = digest.authenticate(Array("Client Key".utf8), key: salted),
                let server = digest.authenticate(Array("Server Key".utf8), key: salted),
                let stored = digest.hash(client)
            else { throw .unavailable("this host's OpenSSL refuses the hash that SCRAM needs") }
            (self.client, self.stored, self.server) = (client, stored, server)
        }
    }

    /// The header of the first message: what the client can bind to (section 7, gs2-cbind-flag), and no other identity.
    static func header(_ binding: ChannelBinding) -> String {
        switch binding {
        case .none: "n,,"
        case .notOffered: "y,,"
        case .exporter: "p=tls-exporter,,"
        }
    }

    /// `c=` of the final message: the header again, and what is bound to (section 6).
    static func channel(_ binding: ChannelBinding) -> String {
        var bytes = Array(header(binding).utf8)
        if case .exporter(let data) = binding { bytes += data }
        return Base64.encode(bytes)
    }
}

/// The client's side.
struct SCRAMClient: Sendable {
    private let digest: Digest
    private let nonce: [UInt8]
    private let bare: [UInt8]
    private let password: Secret
    private let binding: ChannelBinding
    private var expectedSignature: Secret?
    private(set) var isServerVerified = false

    /// Throws `unavailable` where the name or the password has a character that SASLprep forbids.
    init(_ digest: Digest, _ name: String, _ password: Secret, nonce: String, binding: ChannelBinding) throws(SASLError)
    {
        self.digest = digest
        self.nonce = Array(nonce.utf8)
        self.binding = binding
        self.password = try SASLprep.prepared(password, "password")
        let name = try SASLprep.prepared(name, "login")
        bare = Array("n=".utf8) + SCRAM.saslName(name) + Array(",r=".utf8) + self.nonce
    }

    /// client-first-message.
    var firstMessage: [UInt8] { Array(SCRAM.header(binding).utf8) + bare }

    /// Whether the proof has been given.
    var hasProved: Bool { expectedSignature != nil }

    mutating func respond(to challenge: [UInt8]) throws(SASLError) -> Secret {
        if isServerVerified { throw .challenge("SCRAM has two") }
        if expectedSignature == nil { return try finalMessage(serverFirst: challenge) }
        try verify(serverFinal: challenge)
        return Secret("")
    }

    private mutating func finalMessage(serverFirst: [UInt8]) throws(SASLError) -> Secret {
        let attributes = SCRAM.attributes(serverFirst)
        if let first = attributes?.first, first.name == UInt8(ascii: "e") { throw Self.error(first.value) }
        // Exactly r, s, i in front; `m=` would be an extension that we must understand (section 5.1).
        guard let attributes, attributes.count >= 3,
            attributes[0].name == UInt8(ascii: "r"), attributes[1].name == UInt8(ascii: "s"),
            attributes[2].name == UInt8(ascii: "i")
        else { throw .challenge(Printable.text(serverFirst, limit: 100)) }
        let combined = attributes[0].value
        guard combined.starts(with: nonce), combined.count > nonce.count else {
            throw .untrusted("it changed the nonce of the login")
        }
        guard let salt = Base64.decode(attributes[1].value), !salt.isEmpty, salt.count <= 1024 else {
            throw .challenge("a salt that is none")
        }
        let iterations = try Self.iterations(attributes[2].value)
        let keys = try SCRAM.Keys(digest, password: password, salt: salt, iterations: iterations)
        let withoutProof = Array("c=\(SCRAM.channel(binding)),r=".utf8) + combined
        let message = bare + [UInt8(ascii: ",")] + serverFirst + [UInt8(ascii: ",")] + withoutProof
        guard let clientSignature = digest.authenticate(message, key: keys.stored),
            let serverSignature = digest.authenticate(message, key: keys.server)
        else { throw .unavailable("this host's OpenSSL refuses the hash that SCRAM needs") }
        expectedSignature = serverSignature
        return Secret(.bytes(withoutProof), .text(",p="), .secret(keys.client.xor(clientSignature).base64))
    }

    private static func iterations(_ digits: [UInt8]) throws(SASLError) -> Int {
        guard digits.count <= 10, let iterations = Int(String(decoding: digits, as: UTF8.self)),
            SCRAM.iterationBounds.contains(iterations)
        else {
            let count = Printable.text(digits, limit: 20)
            throw .untrusted("it asks for \(count) iterations; 4096 to 1000000 are allowed")
        }
        return iterations
    }

    private mutating func verify(serverFinal: [UInt8]) throws(SASLError) {
        guard let first = SCRAM.attributes(serverFinal)?.first, let expected = expectedSignature else {
            throw .challenge(Printable.text(serverFinal, limit: 100))
        }
        if first.name == UInt8(ascii: "e") { throw Self.error(first.value) }
        guard first.name == UInt8(ascii: "v"), let signature = Base64.decode(first.value), Secret(signature) == expected
        else { throw .untrusted("its signature is wrong, so that it does not know the password") }
        isServerVerified = true
    }

    /// Section 7, server-error-value.
    private static func error(_ value: [UInt8]) -> SASLError {
        switch String(decoding: value, as: UTF8.self) {
        case "unsupported-channel-binding-type", "channel-binding-not-supported": .bindingUnsupported
        case "server-does-support-channel-binding":
            .untrusted("someone on the way took SCRAM-SHA-256-PLUS out of what it offers")
        case "channel-bindings-dont-match": .untrusted("it sees another TLS connection than the one that was made here")
        default: .refused(Printable.text(value, limit: 100))
        }
    }
}

/// The server's side, for the sink: one user's password is known in the clear.
package struct SCRAMServer: Sendable {
    private let digest: Digest
    private let salt: [UInt8]
    private let iterations: Int
    /// What this connection is bound to, where it is under TLS 1.3, and whether the mechanism is PLUS.
    private let binding: [UInt8]?
    private let offersBinding: Bool
    private var channel = ""
    private var bare: [UInt8] = []
    private var serverFirst: [UInt8] = []
    private var combined: [UInt8] = []
    /// Who logs in, once the first message has been read.
    package private(set) var login: String?

    /// - Parameters:
    ///   - binding: for SCRAM-SHA-256-PLUS.
    ///   - offersBinding: whether the server offers that, so that a client who says that it does not was deceived.
    package init(
        _ digest: Digest = .sha256, salt: [UInt8], iterations: Int = 4096, binding: [UInt8]? = nil,
        offersBinding: Bool = false
    ) {
        self.digest = digest
        self.salt = salt
        self.iterations = iterations
        self.binding = binding
        self.offersBinding = offersBinding
    }

    /// server-first-message.
    package mutating func challenge(to clientFirst: [UInt8], nonce: String) throws(SASLError) -> [UInt8] {
        let headers: [(header: String, binding: ChannelBinding)] =
            binding.map { [(SCRAM.header(.exporter([])), .exporter($0))] } ?? [("n,,", .none), ("y,,", .notOffered)]
        guard let (header, binding) = headers.first(where: { clientFirst.starts(with: $0.header.utf8) }) else {
            if clientFirst.first == UInt8(ascii: "p") { throw .bindingUnsupported }
            throw .challenge("not a first message")
        }
        if binding == .notOffered, offersBinding { throw .refused("server-does-support-channel-binding") }
        bare = Array(clientFirst.dropFirst(header.utf8.count))
        guard let attributes = SCRAM.attributes(bare), attributes.count >= 2,
            attributes[0].name == UInt8(ascii: "n"), attributes[1].name == UInt8(ascii: "r"),
            let name = SCRAM.name(from: attributes[0].value)
        else { throw .challenge("not a first message") }
        login = name
        channel = SCRAM.channel(binding)
        combined = attributes[1].value + Array(nonce.utf8)
        serverFirst = Array("r=".utf8) + combined + Array(",s=\(Base64.encode(salt)),i=\(iterations)".utf8)
        return serverFirst
    }

    /// server-final-message, when the client's proof is right.
    package func verdict(on clientFinal: [UInt8], password: Secret) throws(SASLError) -> [UInt8] {
        guard let attributes = SCRAM.attributes(clientFinal), attributes.count >= 3,
            attributes[0].name == UInt8(ascii: "c"), attributes[1].name == UInt8(ascii: "r"),
            attributes[1].value == combined,
            let last = attributes.last, last.name == UInt8(ascii: "p"), let proof = Base64.decode(last.value)
        else { throw .challenge("not a final message") }
        guard attributes[0].value == Array(channel.utf8) else { throw .refused("channel-bindings-dont-match") }
        let keys = try SCRAM.Keys(
            digest, password: try SASLprep.prepared(password, "password"), salt: salt, iterations: iterations)
        let withoutProof = Array(clientFinal.dropLast(last.value.count + 3))
        let message = bare + [UInt8(ascii: ",")] + serverFirst + [UInt8(ascii: ",")] + withoutProof
        guard let signature = digest.authenticate(message, key: keys.stored), proof.count == signature.count,
            let stored = digest.hash(Secret(proof).xor(signature)), stored == keys.stored,
            let ours = digest.authenticate(message, key: keys.server)
        else { throw .refused("invalid-proof") }
        return Array("v=\(ours.withBytes { Base64.encode($0) })".utf8)
    }
}
