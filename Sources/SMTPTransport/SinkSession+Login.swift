// Logging in to the sink (RFC 4954).

import Formats
import Platform
import SMTPProtocol

extension SinkSession {
    func logIn(_ rest: String) throws {
        guard offersLogin else { return refuse(503, "5.5.1 not now") }
        let words = rest.split(separator: " ").map(String.init)
        guard let mechanism = AuthMechanism(named: words.first ?? ""), mechanisms.contains(mechanism) else {
            return refuse(504, "5.5.4 no such mechanism")
        }
        var initial: [UInt8]?
        if words.count > 1 {
            initial = words[1] == "=" ? [] : Base64.decode(words[1].utf8)
            if initial == nil { return refuse(501, "5.5.2 not base64") }
        }
        let name: String?
        do throws(SASLError) {
            switch mechanism {
            case .plain: name = try plain(initial)
            case .login:
                let user = String(decoding: try first(initial, prompt: "Username:"), as: UTF8.self)
                name = check(user, try ask(Array("Password:".utf8)))
            case .scramSHA256: name = try scram(.sha256, initial)
            case .scramSHA1: name = try scram(.sha1, initial)
            case .cramMD5: name = try cramMD5()
            case .scramSHA256Plus: name = try scram(.sha256, initial, binding: stream.protection?.channelBinding)
            case .xoauth2, .oauthbearer: name = try token(mechanism, initial)
            case .external: name = try external(initial)
            }
        } catch {
            if case .challenge(let words) = error { return refuse(501, "5.5.2 \(words)") }
            return refuse(535, "5.7.8 \(error)")
        }
        guard let name else { return refuse(535, "5.7.8 wrong login or password") }
        login = (name, mechanism)
        reply(235, "2.7.0 welcome")
    }

    private func plain(_ initial: [UInt8]?) throws(SASLError) -> String? {
        let message = try first(initial, prompt: "")
        let parts = message.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .challenge("not a PLAIN message") }
        return check(String(decoding: parts[1], as: UTF8.self), Array(parts[2]))
    }

    /// What the client said with AUTH, or says when it is asked.
    private func first(_ initial: [UInt8]?, prompt: String) throws(SASLError) -> [UInt8] {
        if let initial { return initial }
        return try ask(Array(prompt.utf8))
    }

    /// Those that can be had on this connection: without TLS 1.3 there is nothing to bind to.
    var mechanisms: [AuthMechanism] {
        let canBind = stream.protection?.channelBinding != nil
        return options.mechanisms.filter { $0 != .scramSHA256Plus || canBind }
    }

    private func scram(_ digest: Digest, _ initial: [UInt8]?, binding: [UInt8]? = nil) throws(SASLError) -> String? {
        var server = SCRAMServer(
            digest, salt: Randomness.bytes(16), binding: binding, offersBinding: mechanisms.contains(.scramSHA256Plus))
        let question = try server.challenge(
            to: try first(initial, prompt: ""), nonce: Base64.encode(Randomness.bytes(18)))
        let answer = try ask(question)
        guard let name = server.login, let password = password(of: name) else { return nil }
        _ = try ask(try server.verdict(on: answer, password: password))
        return name
    }

    /// RFC 2195: the name, and the keyed hash of the challenge.
    private func cramMD5() throws(SASLError) -> String? {
        let challenge = Array("<\(Hex.encode(Randomness.bytes(12)))@\(options.name)>".utf8)
        let words = String(decoding: try ask(challenge), as: UTF8.self).split(separator: " ")
        let name = words.dropLast().joined(separator: " ")
        guard let password = password(of: name), let given = words.last,
            let expected = Digest.md5.authenticate(challenge, key: password)
        else { return nil }
        return Secret(String(given)) == Secret(expected.withBytes { Hex.encode($0) }) ? name : nil
    }

    /// XOAUTH2, and RFC 7628: `key=value` pairs between ^A. A refusal is told as JSON first, and said after the client's
    /// answer to that.
    private func token(_ mechanism: AuthMechanism, _ initial: [UInt8]?) throws(SASLError) -> String? {
        let pairs = String(decoding: try first(initial, prompt: ""), as: UTF8.self).split(separator: "\u{1}")
        let name =
            mechanism == .xoauth2
            ? Self.value("user=", in: pairs) : Self.value("n,a=", in: pairs).map { String($0.dropLast()) }
        let given = Self.value("auth=Bearer ", in: pairs).map { Secret($0) }
        for case .token(let user, let token) in options.users where user == name && token == given { return user }
        let status = mechanism == .xoauth2 ? "401" : "invalid_token"
        _ = try ask(Array("{\"status\":\"\(status)\",\"schemes\":\"bearer\"}".utf8))
        return nil
    }

    private static func value(_ key: String, in pairs: [Substring]) -> String? {
        pairs.first { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
    }

    /// RFC 4422 appendix A: the name, if any, that the client wants to be; its certificate says who it is.
    private func external(_ initial: [UInt8]?) throws(SASLError) -> String? {
        let wanted = String(decoding: try first(initial, prompt: ""), as: UTF8.self)
        guard let protection = stream.protection, protection.isVerified, let names = protection.certificate?.names,
            wanted.isEmpty || names.contains(wanted)
        else { return nil }
        for case .certificate(let user?) in options.users where wanted.isEmpty ? names.contains(user) : user == wanted {
            return user
        }
        return nil
    }

    private func password(of user: String) -> Secret? {
        for case .password(user, let password) in options.users { return password }
        return nil
    }

    private func check(_ name: String, _ password: [UInt8]) -> String? {
        self.password(of: name) == Secret(password) ? name : nil
    }

    /// One challenge and its response.
    private func ask(_ challenge: [UInt8]) throws(SASLError) -> [UInt8] {
        reply(334, Base64.encode(challenge))
        guard let line = try? nextLine(), line != Array("*".utf8), let response = Base64.decode(line) else {
            throw .challenge("cancelled")
        }
        return response
    }
}
