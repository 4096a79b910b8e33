// A certificate of our own making, for the sink and for tests: an authority, and a server's certificate that it signed.

import COpenSSL
import Formats
import Platform
import SMTPProtocol

/// A server's certificate with its key, and the authority by which a client can check it; all in PEM.
package struct ServerCertificate: Sendable {
    package var certificatePEM: [UInt8]
    package var keyPEM: [UInt8]
    package var authorityPEM: [UInt8]

    /// Makes one, P-256 and SHA-256. `from` and `to`: its time, relative to now. With `signsItself` there is no
    /// authority but the certificate. `isForClients`: for a client's end of TLS, not a server's.
    package static func make(
        names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1"], from: Duration = .seconds(-3600),
        to: Duration = .seconds(30 * 86400), signsItself: Bool = false, isForClients: Bool = false
    ) throws(TLSFailure) -> ServerCertificate {
        ERR_clear_error()
        guard let authorityKey = herald_EVP_EC_gen_p256(), let key = herald_EVP_EC_gen_p256() else {
            throw OpenSSLErrors.failure("cannot make a key")
        }
        defer {
            EVP_PKEY_free(authorityKey)
            EVP_PKEY_free(key)
        }
        let alternatives = (names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }).joined(separator: ",")
        let authority = try Builder(
            subject: "Herald sink authority", key: authorityKey, from: .seconds(-7200), to: .seconds(60 * 86400))
        defer { X509_free(authority.certificate) }
        try authority.add(NID_basic_constraints, "critical,CA:TRUE")
        try authority.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try authority.add(NID_subject_key_identifier, "hash")
        try authority.sign(authorityKey, issuer: authority)
        let leaf = try Builder(subject: names.first ?? "localhost", key: key, from: from, to: to)
        defer { X509_free(leaf.certificate) }
        try leaf.add(NID_basic_constraints, "critical,CA:FALSE")
        try leaf.add(NID_ext_key_usage, isForClients ? "clientAuth" : "serverAuth")
        try leaf.add(NID_subject_alt_name, alternatives)
        try leaf.sign(signsItself ? key : authorityKey, issuer: signsItself ? leaf : authority)
        guard let leafPEM = PEM.written({ PEM_write_bio_X509($0, leaf.certificate) }),
            let authorityPEM = PEM.written({ PEM_write_bio_X509($0, authority.certificate) }),
            let keyPEM = PEM.written({ PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
        else { throw OpenSSLErrors.failure("cannot write the certificate") }
        return ServerCertificate(
            certificatePEM: leafPEM, keyPEM: keyPEM, authorityPEM: signsItself ? leafPEM : authorityPEM)
    }
}

/// A certificate in the making; whoever makes it frees it.
private struct Builder {
    let certificate: OpaquePointer

    init(subject: String, key: OpaquePointer, from: Duration, to: Duration) throws(TLSFailure) {
        guard let certificate = X509_new() else { throw OpenSSLErrors.failure("cannot make a certificate") }
        self.certificate = certificate
        let serial = Randomness.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } >> 1
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial)
        X509_gmtime_adj(X509_getm_notBefore(certificate), Int(from.microseconds / 1_000_000))
        X509_gmtime_adj(X509_getm_notAfter(certificate), Int(to.microseconds / 1_000_000))
        X509_set_pubkey(certificate, key)
        let name = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(name, "CN", Int32(MBSTRING_FLAG), Array(subject.utf8), -1, -1, 0)
    }

    func add(_ extensionID: Int32, _ value: String) throws(TLSFailure) {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, extensionID, value) else {
            throw OpenSSLErrors.failure("cannot make a certificate")
        }
        defer { X509_EXTENSION_free(made) }
        X509_add_ext(certificate, made, -1)
    }

    func sign(_ key: OpaquePointer, issuer: Builder) throws(TLSFailure) {
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate))
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else {
            throw OpenSSLErrors.failure("cannot sign a certificate")
        }
    }
}
