import Formats
import Glibc
import Mail
import SMTPProtocol
import Testing

@Suite struct SecretTests {
    @Test("a secret gives back what it was made of, and shows nothing of it") func shown() {
        let secret = Secret("pencil")
        #expect(secret.count == 6 && !secret.isEmpty && Secret("").isEmpty)
        #expect(secret.text == "pencil")
        var dumped = "\(secret) \(String(reflecting: secret)) \(Mirror(reflecting: secret).children.map { "\($0)" })"
        dump(secret, to: &dumped)
        dump(Conversation.Action.sendSecret(secret, shown: "****"), to: &dumped)
        dump(Conversation.Event.tokenRefreshed(secret), to: &dumped)
        #expect(!dumped.contains("pencil") && !dumped.contains("112") && dumped.contains("hidden"))
    }

    @Test(
        "secrets are equal when their bytes are", arguments: [("a", "a", true), ("a", "b", false), ("a", "aa", false)])
    func equality(_ a: String, _ b: String, _ areEqual: Bool) {
        #expect((Secret(a) == Secret(b)) == areEqual)
        #expect((Secret(a).hashValue == Secret(b).hashValue) == (a.count == b.count))
    }

    @Test("what is taken over is wiped where it was") func taking() {
        var bytes = Array("pencil".utf8)
        let secret = Secret(taking: &bytes)
        #expect(bytes.isEmpty && secret.text == "pencil")
    }
}

/// Answers a login of the mechanism as a server does, up to its end.
private func logIn(_ mechanism: AuthMechanism, _ login: Login, _ replies: [String]) -> (Conversation, [Action]) {
    var conversation = Conversation(
        .init(security: .tls, login: login, mechanisms: [mechanism], heloName: "c", nonce: "rOprNGfwEbeRWgbNEkqO"))
    var actions = conversation.handle([
        .connected, .tlsEstablished(TLSFacts(isVerified: true)), says("220 s"),
        says("250 s/250 AUTH \(mechanism.rawValue)"),
    ])
    for reply in replies { actions += conversation.handle(says(reply)) }
    return (conversation, actions)
}

@Suite(.serialized) struct SecretLifeTests {
    @Test(
        "no transcript, dump or fault of a login has the secret, or its base64",
        arguments: [
            (AuthMechanism.plain, ["235 in"]), (.login, ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in"]),
            (.cramMD5, ["334 PDFAeD4=", "235 in"]), (.xoauth2, ["235 in"]), (.oauthbearer, ["235 in"]),
            (.plain, ["535 no"]), (.login, ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 no"]),
            (.xoauth2, ["334 e30=", "535 no"]), (.plain, ["454 later"]), (.login, ["334 !"]),
            (.cramMD5, ["334 PDFAeD4="]),
        ] as [(AuthMechanism, [String])]) func transcript(_ mechanism: AuthMechanism, _ replies: [String])
    {
        let secret = "open-sesame-42"
        let login: Login =
            [.xoauth2, .oauthbearer].contains(mechanism)
            ? .token(name: "user", Secret(secret)) : .password(name: "user", Secret(secret))
        let (conversation, actions) = logIn(mechanism, login, replies)
        var shown = actions.map { "\($0) \($0.shown ?? "")" }.joined(separator: "\n")
        dump(actions, to: &shown)
        dump(conversation, to: &shown)
        #expect(shown.contains("AUTH"))
        // In base64 it may begin at any of three places.
        let forms =
            [secret]
            + ["", "x", "xx"].map { String(Base64.encode(Array(($0 + secret).utf8)).dropFirst(4).dropLast(4)) }
        for form in forms { #expect(!shown.contains(form), "\(form) in \(shown)") }
        #expect(!shown.contains(secret.utf8.map { "\($0)" }.joined(separator: ", ")))
    }

    /// What goes over the wire of such a login, so that the test above tests something.
    @Test("the lines of a login do hold the secret") func wire() {
        let (_, actions) = logIn(.plain, .password(name: "u", Secret("open-sesame-42")), [])
        #expect(actions.compactMap(\.line).contains { $0.contains(Base64.encode(Array("\0u\0open-sesame-42".utf8))) })
    }

    @Test("when a login is over, nobody holds the secret", arguments: ["235 in", "535 no", "454 later", "550 no"])
    func released(_ reply: String) {
        weak var left: Secret?
        var conversation: Conversation?
        do {
            let secret = Secret("pencil")
            left = secret
            conversation = logIn(.plain, .password(name: "user", secret), [reply]).0
        }
        #expect(conversation != nil)
        #expect(left == nil)
    }

    @Test("memory keeps no copy of a password that was used", arguments: passwordMechanisms)
    func memory(_ mechanism: AuthMechanism) throws {
        let needle = Needle(seed: UInt64(mechanism.rawValue.count) &* 0x9e37_79b9_7f4a_7c15)
        do {
            let held = needle.secret()
            #expect(try needle.copies() >= 1, "the search finds what is there")
            let replies: [String]
            switch mechanism {
            case .plain: replies = ["235 in"]
            case .login: replies = ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 in"]
            case .cramMD5: replies = ["334 PDFAeD4=", "235 in"]
            default: replies = ["334 " + Base64.encode(Array("r=rOprNGfwEbeRWgbNEkqOX,s=QSXC,i=4096".utf8)), "501 no"]
            }
            let (conversation, actions) = logIn(mechanism, .password(name: "user", held), replies)
            #expect(actions.contains { if case .sendSecret = $0 { true } else { false } })
            #expect(conversation.isClosed || conversation.isReady)
        }
        #expect(try needle.copies() == 0)
    }
}

private let passwordMechanisms: [AuthMechanism] = [.plain, .login, .cramMD5, .scramSHA1, .scramSHA256]

/// Bytes that are nowhere in memory but where they are put: they are made anew each time that they are looked for.
private struct Needle {
    /// Freed memory of an odd size is not soon used again, so that a copy that was not wiped is found there.
    private static let length = 187
    let seed: UInt64

    /// Without zeros and controls, so that SASLprep passes it; the first one is rare in memory.
    private func byte(_ index: Int) -> UInt8 {
        if index == 0 { return UInt8(ascii: "~") }
        var x = seed &+ UInt64(index + 1) &* 0xbf58_476d_1ce4_e5b9
        x ^= x >> 31
        x = x &* 0x94d0_49bb_1331_11eb
        x ^= x >> 29
        return 0x21 + UInt8(x % 93)
    }

    func secret() -> Secret {
        Secret(count: Self.length) { buffer in for index in 0..<Self.length { buffer[index] = byte(index) } }
    }

    /// How often they stand in this process's writable memory.
    func copies() throws -> Int {
        let memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        defer { close(memory) }
        try #require(memory >= 0)
        var found = 0
        var block = [UInt8](repeating: 0, count: 1 << 20)
        for region in try Self.regions() {
            var at = region.lowerBound
            while at < region.upperBound {
                let wanted = min(block.count, Int(region.upperBound - at))
                let got = block.withUnsafeMutableBytes { pread(memory, $0.baseAddress, wanted, off_t(at)) }
                guard got > 0 else { break }
                found += count(in: block, got, from: at)
                // One needle may lie across two blocks.
                at += UInt(got < block.count ? got : got - Self.length)
            }
        }
        Secret.wipe(&block)
        return found
    }

    private func count(in block: [UInt8], _ length: Int, from address: UInt) -> Int {
        block.withUnsafeBytes { bytes in
            // The block itself is a part of memory, and holds what was last read.
            let own = UInt(bitPattern: bytes.baseAddress)..<UInt(bitPattern: bytes.baseAddress) + UInt(bytes.count)
            var found = 0
            var at = 0
            let first = Int32(byte(0))
            while at < length, let start = bytes.baseAddress,
                let hit = memchr(start + at, first, length - at)
            {
                let offset = UnsafeRawPointer(hit) - start
                at = offset + 1
                guard offset + Self.length <= length, !own.contains(address + UInt(offset)) else { continue }
                if (0..<Self.length).allSatisfy({ bytes[offset + $0] == byte($0) }) { found += 1 }
            }
            return found
        }
    }

    private static func regions() throws -> [Range<UInt>] {
        let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = piece.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
            guard got > 0 else { break }
            text += piece[..<got]
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 1, words[1].hasPrefix("rw"), words.last != "[vvar]" else { return nil }
            let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            return ends.count == 2 && ends[0] < ends[1] && ends[1] < UInt(Int.max) ? ends[0]..<ends[1] : nil
        }
    }
}
