// The key of a Google service account, and what is signed with it: a JWT (RFC 7519) as RFC 7523 has it, by RS256 (RFC 7518
// section 3.3). developers.google.com/identity/protocols/oauth2/service-account. Pure: the time is a parameter.

import COpenSSL
import Formats
import SMTPProtocol

/// What is wrong with a key file.
package struct KeyFault: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}

/// A service account's key, from its JSON file.
package struct ServiceAccountKey: Sendable {
    /// `name@project.iam.gserviceaccount.com`
    package let account: String
    private let id: String?
    /// PEM.
    private let key: Secret

    /// An hour is the longest that Google takes; what a minute is taken off for is a clock that is ahead.
    static let lifetime = Duration.seconds(3600)
    static let skew = Duration.seconds(60)

    package init(_ file: [UInt8]) throws(KeyFault) {
        guard let json = try? JSON.parse(file), json.members != nil else {
            throw KeyFault(description: "it is no JSON")
        }
        guard json["type"]?.string == "service_account" else {
            throw KeyFault(description: "it is no service account's key ('type' is not 'service_account')")
        }
        guard let account = json["client_email"]?.string, let key = json["private_key"]?.string, !account.isEmpty else {
            throw KeyFault(description: "'client_email' or 'private_key' is missing")
        }
        self.account = account
        id = json["private_key_id"]?.string
        self.key = Secret(key)
        guard Self.signature(of: [0], self.key) != nil else {
            throw KeyFault(description: "'private_key' is no RSA key")
        }
    }

    /// What a token is asked for with.
    /// - Parameters:
    ///   - audience: the token endpoint.
    ///   - subject: the mailbox that the account acts for.
    package func assertion(
        scopes: [String], audience: String, subject: String?, at now: Timestamp
    ) throws(KeyFault) -> Secret {
        var header: [JSON.Member] = [.init("alg", "RS256"), .init("typ", "JWT")]
        if let id { header.append(.init("kid", .string(id))) }
        let issued = (now - Self.skew).seconds
        var claims: [JSON.Member] = [
            .init("iss", .string(account)), .init("scope", .string(scopes.joined(separator: " "))),
            .init("aud", .string(audience)), .init("iat", .int(issued)),
            .init("exp", .int(issued + Self.lifetime.microseconds / 1_000_000)),
        ]
        if let subject { claims.append(.init("sub", .string(subject))) }
        let parts = [JSON.object(header), .object(claims)].map { Base64URL.encode($0.text.utf8) }
        let text = parts.joined(separator: ".")
        guard let signature = Self.signature(of: Array(text.utf8), key) else {
            throw KeyFault(description: "the host's OpenSSL does not sign with the service account's key")
        }
        return Secret(text + "." + Base64URL.encode(signature))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256; nil where the key is none.
    private static func signature(of text: [UInt8], _ key: Secret) -> [UInt8]? {
        ERR_clear_error()
        defer { ERR_clear_error() }
        return key.withBytes { pem in
            guard let bio = BIO_new_mem_buf(pem.baseAddress, Int32(clamping: pem.count)) else { return nil }
            defer { BIO_free(bio) }
            guard let pkey = PEM_read_bio_PrivateKey(bio, nil, nil, nil) else { return nil }
            defer { EVP_PKEY_free(pkey) }
            guard EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA, let context = EVP_MD_CTX_new() else { return nil }
            defer { EVP_MD_CTX_free(context) }
            var length = 0
            guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pkey) == 1,
                EVP_DigestSign(context, nil, &length, text, text.count) == 1, length > 0
            else { return nil }
            var signature = [UInt8](repeating: 0, count: length)
            guard EVP_DigestSign(context, &signature, &length, text, text.count) == 1 else { return nil }
            return Array(signature.prefix(length))
        }
    }
}
