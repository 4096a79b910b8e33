// SCRAM, RFC 5802 and RFC 7677. What must stay true: the server's signature is checked before it is believed; a server
// cannot make us work for ever (iterations), nor lower the work that stands between the proof and the password.
// SASLprep (RFC 4013) is not applied: servers that keep UTF-8 as it is take such passwords, and ASCII is the same.

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
        let text = String(decoding: escaped, as: UTF8.self)
        var out = ""
        var rest = text[...]
        while let character = rest.first {
            if character == "=" {
                if rest.hasPrefix("=3D") { out += "=" } else if rest.hasPrefix("=2C") { out += "," } else { return nil }
                rest = rest.dropFirst(3)
            } else {
                out.append(character)
                rest = rest.dropFirst()
            }
        }
        return out
    }

    static func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { zip(a, b).map { $0 ^ $1 } }

    /// The keys that a salted password gives.
    struct Keys: Sendable {
        var client: [UInt8]
        var stored: [UInt8]
        var server: [UInt8]

        init(_ digest: Digest, password: [UInt8], salt: [UInt8], iterations: Int) throws(SASLError) {
            guard var salted = digest.stretch(password, salt: salt, iterations: iterations),
                let client = digest.authenticate(Array("Client Key".utf8), key: salted),
                let server = digest.authenticate(Array("Server Key".utf8), key: salted),
                let stored = digest.hash(client)
            else { throw .unavailable("this host's OpenSSL refuses the hash that SCRAM needs") }
            Secrets.wipe(&salted)
            (self.client, self.stored, self.server) = (client, stored, server)
        }
    }
}

/// The client's side.
struct SCRAMClient: Sendable {
    private let digest: Digest
    private let nonce: [UInt8]
    private let bare: [UInt8]
    private var password: [UInt8]
    private var expectedSignature: [UInt8]?
    private(set) var isServerVerified = false

    init(_ digest: Digest, _ credentials: Credentials, nonce: String) {
        self.digest = digest
        self.nonce = Array(nonce.utf8)
        password = credentials.password
        bare = Array("n=".utf8) + SCRAM.saslName(credentials.login) + Array(",r=".utf8) + self.nonce
    }

    /// client-first-message, without channel binding.
    var firstMessage: [UInt8] { Array("n,,".utf8) + bare }

    mutating func respond(to challenge: [UInt8]) throws(SASLError) -> [UInt8] {
        if isServerVerified { throw .challenge("SCRAM has two") }
        if expectedSignature == nil { return try finalMessage(serverFirst: challenge) }
        try verify(serverFinal: challenge)
        return []
    }

    private mutating func finalMessage(serverFirst: [UInt8]) throws(SASLError) -> [UInt8] {
        // Exactly r, s, i in front; `m=` would be an extension that we must understand (section 5.1).
        guard let attributes = SCRAM.attributes(serverFirst), attributes.count >= 3,
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
        guard attributes[2].value.count <= 10,
            let iterations = Int(String(decoding: attributes[2].value, as: UTF8.self)),
            SCRAM.iterationBounds.contains(iterations)
        else {
            let count = Printable.text(attributes[2].value, limit: 20)
            throw .untrusted("it asks for \(count) iterations; 4096 to 1000000 are allowed")
        }
        let keys = try SCRAM.Keys(digest, password: password, salt: salt, iterations: iterations)
        let withoutProof = Array("c=biws,r=".utf8) + combined
        let message = bare + [UInt8(ascii: ",")] + serverFirst + [UInt8(ascii: ",")] + withoutProof
        guard let clientSignature = digest.authenticate(message, key: keys.stored),
            let serverSignature = digest.authenticate(message, key: keys.server)
        else { throw .unavailable("this host's OpenSSL refuses the hash that SCRAM needs") }
        expectedSignature = serverSignature
        let proof = Base64.encode(SCRAM.xor(keys.client, clientSignature))
        return withoutProof + Array(",p=\(proof)".utf8)
    }

    private mutating func verify(serverFinal: [UInt8]) throws(SASLError) {
        guard let first = SCRAM.attributes(serverFinal)?.first, let expected = expectedSignature else {
            throw .challenge(Printable.text(serverFinal, limit: 100))
        }
        if first.name == UInt8(ascii: "e") { throw .refused(Printable.text(first.value, limit: 100)) }
        guard first.name == UInt8(ascii: "v"), let signature = Base64.decode(first.value),
            Digest.areEqual(signature, expected)
        else { throw .untrusted("its signature is wrong, so that it does not know the password") }
        isServerVerified = true
    }

    mutating func wipe() { Secrets.wipe(&password) }
}

/// The server's side, for the sink: one user's password is known in the clear.
package struct SCRAMServer: Sendable {
    private let digest: Digest
    private let salt: [UInt8]
    private let iterations: Int
    private var bare: [UInt8] = []
    private var serverFirst: [UInt8] = []
    private var combined: [UInt8] = []
    /// Who logs in, once the first message has been read.
    package private(set) var login: String?

    package init(_ digest: Digest = .sha256, salt: [UInt8], iterations: Int = 4096) {
        self.digest = digest
        self.salt = salt
        self.iterations = iterations
    }

    /// server-first-message.
    package mutating func challenge(to clientFirst: [UInt8], nonce: String) throws(SASLError) -> [UInt8] {
        let header = Array("n,,".utf8)
        let alternative = Array("y,,".utf8)
        guard clientFirst.starts(with: header) || clientFirst.starts(with: alternative),
            let attributes = SCRAM.attributes(Array(clientFirst.dropFirst(3))), attributes.count >= 2,
            attributes[0].name == UInt8(ascii: "n"), attributes[1].name == UInt8(ascii: "r"),
            let name = SCRAM.name(from: attributes[0].value)
        else { throw .challenge("not a first message") }
        login = name
        bare = Array(clientFirst.dropFirst(3))
        combined = attributes[1].value + Array(nonce.utf8)
        serverFirst = Array("r=".utf8) + combined + Array(",s=\(Base64.encode(salt)),i=\(iterations)".utf8)
        return serverFirst
    }

    /// server-final-message, when the client's proof is right.
    package func verdict(on clientFinal: [UInt8], password: [UInt8]) throws(SASLError) -> [UInt8] {
        guard let attributes = SCRAM.attributes(clientFinal), attributes.count >= 3,
            attributes[1].name == UInt8(ascii: "r"), attributes[1].value == combined,
            let last = attributes.last, last.name == UInt8(ascii: "p"), let proof = Base64.decode(last.value)
        else { throw .challenge("not a final message") }
        let keys = try SCRAM.Keys(digest, password: password, salt: salt, iterations: iterations)
        let withoutProof = Array(clientFinal.dropLast(last.value.count + 3))
        let message = bare + [UInt8(ascii: ",")] + serverFirst + [UInt8(ascii: ",")] + withoutProof
        guard let signature = digest.authenticate(message, key: keys.stored), proof.count == signature.count,
            let stored = digest.hash(SCRAM.xor(proof, signature)), Digest.areEqual(stored, keys.stored),
            let ours = digest.authenticate(message, key: keys.server)
        else { throw .refused("invalid-proof") }
        return Array("v=\(Base64.encode(ours))".utf8)
    }
}
