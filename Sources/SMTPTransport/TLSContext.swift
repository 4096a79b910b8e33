// OpenSSL's SSL_CTX: what both sides of TLS are set up with. One for each connection: making it is cheap (the system's
// authorities are looked up in their directory when needed), and so nothing is shared.

import COpenSSL
import Platform
import SMTPProtocol

/// A client's or a server's TLS configuration. Belongs to one thread; owns its SSL_CTX.
package final class TLSContext {
    /// OpenSSL's, for as long as this lives.
    package let pointer: OpaquePointer
    let isServer: Bool
    /// A client's.
    let terms: TLSTerms
    /// Whether a certificate that does not hold ends the handshake.
    let insists: Bool

    private init(_ pointer: OpaquePointer, isServer: Bool, terms: TLSTerms = TLSTerms(), insists: Bool = false) {
        self.pointer = pointer
        self.isServer = isServer
        self.terms = terms
        self.insists = insists
        let minimum = terms.minimum == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        _ = herald_SSL_CTX_set_min_proto_version(pointer, minimum)
        _ = herald_SSL_CTX_set_mode(
            pointer, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    }

    deinit { SSL_CTX_free(pointer) }

    /// For a client. Without `insists` the certificate is checked all the same, and the connection says how it went.
    package static func client(_ terms: TLSTerms, insists: Bool) throws(TLSFailure) -> TLSContext {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw OpenSSLErrors.failure("cannot set up TLS") }
        let insists = insists && terms.authority != .nobody
        let context = TLSContext(pointer, isServer: false, terms: terms, insists: insists)
        TLSConnection.observe(pointer, insists: insists)
        switch terms.authority {
        case .file(let path):
            guard SSL_CTX_load_verify_locations(pointer, path, nil) == 1 else {
                throw OpenSSLErrors.failure("cannot read the authorities in \(path)")
            }
        case .system:
            guard SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw OpenSSLErrors.failure("cannot read the system's authorities")
            }
        case .pinned, .dane:
            guard SSL_CTX_dane_enable(pointer) > 0 else { throw OpenSSLErrors.failure("cannot set up TLS") }
        case .nobody: break
        }
        if let path = terms.clientCertificate { try context.use(clientCertificate: path) }
        return context
    }

    /// For a server with this certificate. `securityLevel` is OpenSSL's; a test's server may go below the default.
    package static func server(
        _ certificate: ServerCertificate, securityLevel: Int32? = nil
    ) throws(TLSFailure) -> TLSContext {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw OpenSSLErrors.failure("cannot set up TLS") }
        let context = TLSContext(pointer, isServer: true)
        if let securityLevel { SSL_CTX_set_security_level(pointer, securityLevel) }
        try context.use(certificate.certificatePEM, key: certificate.keyPEM, "the server's certificate")
        return context
    }

    /// Clients are asked for a certificate by this authority (PEM), and may have none.
    func ask(clientAuthority: [UInt8]) {
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        for authority in PEM.certificates(clientAuthority) {
            X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority)
            X509_free(authority)
        }
        // What a session is good for; OpenSSL refuses to resume without it where clients are verified.
        SSL_CTX_set_session_id_context(pointer, Array("herald".utf8), 6)
    }

    private func use(clientCertificate path: String) throws(TLSFailure) {
        var content: [UInt8]
        do throws(SystemError) { content = try Files.read(path, limit: 1 << 20) } catch {
            throw TLSFailure(.other, "\(error)")
        }
        defer { Secret.wipe(&content) }
        try use(content, key: content, path)
    }

    /// A certificate, the chain behind it, and its key.
    private func use(_ certificates: [UInt8], key: [UInt8], _ what: String) throws(TLSFailure) {
        let chain = PEM.certificates(certificates)
        let key = PEM.withBIO(key) {
            // A key under a passphrase is refused; without this, OpenSSL would ask on the terminal.
            PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil)
        }
        defer {
            for certificate in chain { X509_free(certificate) }
            EVP_PKEY_free(key)
        }
        if chain.isEmpty { throw TLSFailure(.other, "cannot use \(what): there is no certificate in it") }
        if key == nil {
            ERR_clear_error()
            throw TLSFailure(.other, "cannot use \(what): there is no key in it, or one under a passphrase")
        }
        guard let leaf = chain.first, SSL_CTX_use_certificate(pointer, leaf) == 1,
            chain.dropFirst().allSatisfy({ herald_SSL_CTX_add_chain_cert(pointer, $0) == 1 }),
            SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1
        else { throw OpenSSLErrors.failure("cannot use \(what)") }
    }
}

/// Reading and writing PEM through memory.
enum PEM {
    static func withBIO<T>(_ bytes: [UInt8], _ body: (OpaquePointer?) -> T) -> T {
        bytes.withUnsafeBytes { buffer in
            let bio = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
            defer { BIO_free(bio) }
            return body(bio)
        }
    }

    /// All certificates, in their order; whoever asks frees them.
    static func certificates(_ bytes: [UInt8]) -> [OpaquePointer] {
        withBIO(bytes) { bio in
            var out: [OpaquePointer] = []
            while out.count < 100, let next = PEM_read_bio_X509(bio, nil, nil, nil) { out.append(next) }
            // The end is told as an error.
            ERR_clear_error()
            return out
        }
    }

    /// What `body` writes; nil when it returns other than 1.
    static func written(_ body: (OpaquePointer?) -> Int32) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { return nil }
        var data: UnsafeMutablePointer<CChar>?
        let count = herald_BIO_get_mem_data(bio, &data)
        return Array(UnsafeRawBufferPointer(start: data, count: max(0, count)))
    }
}
