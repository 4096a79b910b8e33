// OpenSSL's SSL_CTX: what both sides of TLS are set up with. One for each thread that needs one: making it is cheap (the
// system's authorities are looked up in their directory when needed), and so nothing is shared.

import COpenSSL
import SMTPProtocol

/// A client's or a server's TLS configuration. Belongs to one thread; owns its SSL_CTX.
package final class TLSContext {
    /// OpenSSL's, for as long as this lives.
    package let pointer: OpaquePointer
    let isServer: Bool
    /// Whether a certificate that does not hold ends the handshake.
    let insists: Bool

    private init(_ pointer: OpaquePointer, isServer: Bool, insists: Bool) {
        self.pointer = pointer
        self.isServer = isServer
        self.insists = insists
        // TLS 1.2 at least (RFC 8996 forbids what is older).
        _ = herald_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION)
        _ = herald_SSL_CTX_set_mode(
            pointer, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    }

    deinit { SSL_CTX_free(pointer) }

    /// For a client. Authorities from `caFile` (PEM), else the system's. Without `insists` the certificate is checked
    /// all the same, and the connection says how it went.
    package static func client(caFile: String?, insists: Bool) throws(TLSFailure) -> TLSContext {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw OpenSSLErrors.failure("cannot set up TLS") }
        let context = TLSContext(pointer, isServer: false, insists: insists)
        SSL_CTX_set_verify(pointer, insists ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if let caFile {
            guard SSL_CTX_load_verify_locations(pointer, caFile, nil) == 1 else {
                throw OpenSSLErrors.failure("cannot read the authorities in \(caFile)")
            }
        } else if SSL_CTX_set_default_verify_paths(pointer) != 1 {
            throw OpenSSLErrors.failure("cannot read the system's authorities")
        }
        return context
    }

    /// For a server with this certificate. `securityLevel` is OpenSSL's; a test's server may go below the default.
    package static func server(
        _ certificate: ServerCertificate, securityLevel: Int32? = nil
    ) throws(TLSFailure) -> TLSContext {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_server_method()) else { throw OpenSSLErrors.failure("cannot set up TLS") }
        let context = TLSContext(pointer, isServer: true, insists: false)
        if let securityLevel { SSL_CTX_set_security_level(pointer, securityLevel) }
        let leaf = PEM.withBIO(certificate.certificatePEM) { PEM_read_bio_X509($0, nil, nil, nil) }
        let key = PEM.withBIO(certificate.keyPEM) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        defer {
            X509_free(leaf)
            EVP_PKEY_free(key)
        }
        guard SSL_CTX_use_certificate(pointer, leaf) == 1, SSL_CTX_use_PrivateKey(pointer, key) == 1 else {
            throw OpenSSLErrors.failure("cannot use the server's certificate")
        }
        return context
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

    /// What `body` writes; nil when it returns other than 1.
    static func written(_ body: (OpaquePointer?) -> Int32) -> [UInt8]? {
        guard let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        return body(bio) == 1 ? drain(bio) : nil
    }

    /// All that waits in a memory BIO.
    static func drain(_ bio: OpaquePointer?) -> [UInt8] {
        let count = BIO_ctrl_pending(bio)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, Int(BIO_read(bio, buffer.baseAddress, Int32(clamping: count))))
        }
    }
}
