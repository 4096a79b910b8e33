// TLS as a transformation between bytes and bytes: OpenSSL over two memory BIOs. The socket, its deadlines and SIGPIPE are
// NetworkStream's business, so that waiting is done in one place, plain or not.

import COpenSSL
import Formats
import SMTPProtocol

/// One TLS connection. Belongs to one thread; owns its SSL, which owns the BIOs.
package final class TLSConnection {
    /// What became of a step.
    package enum Step: Equatable {
        /// So many bytes were read or written.
        case moved(Int)
        /// The handshake is through.
        case done
        /// Bytes from the other side are needed first.
        case needsInput
        /// The other side said close_notify.
        case closed
    }

    /// OpenSSL's, for as long as this lives.
    package let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let context: TLSContext

    /// `serverName`: for a client, the name that the certificate must hold; a name goes out as SNI, an address does not
    /// (RFC 6066 section 3).
    package init(_ context: TLSContext, serverName: String? = nil) throws(TLSFailure) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { throw OpenSSLErrors.failure("cannot set up TLS") }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(ssl)
            throw OpenSSLErrors.failure("cannot set up TLS")
        }
        SSL_set_bio(ssl, incoming, outgoing)
        (self.ssl, self.incoming, self.outgoing, self.context) = (ssl, incoming, outgoing, context)
        if context.isServer {
            SSL_set_accept_state(ssl)
            return
        }
        SSL_set_connect_state(ssl)
        guard let serverName else { return }
        // An address is looked for among the certificate's addresses, a name among its names.
        if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName) == 1 { return }
        ERR_clear_error()
        SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard SSL_set1_host(ssl, serverName) == 1, herald_SSL_set_tlsext_host_name(ssl, serverName) == 1 else {
            throw OpenSSLErrors.failure("cannot ask for the name \(Printable.text(serverName))")
        }
    }

    deinit { SSL_free(ssl) }

    /// Takes bytes that came from the other side.
    package func receive(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { _ = BIO_write(incoming, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    /// Moves the bytes that are to go to the other side behind those in `queue`.
    package func takeOutput(into queue: inout [UInt8]) {
        var data: UnsafeMutablePointer<CChar>?
        let count = herald_BIO_get_mem_data(outgoing, &data)
        guard count > 0, let data else { return }
        queue += UnsafeRawBufferPointer(start: data, count: count)
        dropOutput()
    }

    /// Forgets them.
    package func dropOutput() { _ = BIO_ctrl(outgoing, BIO_CTRL_RESET, 0, nil) }

    package func handshake() throws(TLSFailure) -> Step {
        ERR_clear_error()
        let step = try step(SSL_do_handshake(ssl), "TLS handshake")
        if case .moved = step { return .done }
        return step
    }

    /// Decrypts into `block`.
    package func read(into block: inout [UInt8]) throws(TLSFailure) -> Step {
        ERR_clear_error()
        let count = block.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
        return try step(count, "TLS")
    }

    /// Encrypts the bytes from `start` on, not always all of them. After `needsInput`, call again with the same.
    package func write(_ bytes: [UInt8], from start: Int) throws(TLSFailure) -> Step {
        guard start < bytes.count else { return .moved(0) }
        ERR_clear_error()
        let count = bytes.withUnsafeBytes { buffer in
            SSL_write(ssl, buffer.baseAddress?.advanced(by: start), Int32(clamping: buffer.count - start))
        }
        return try step(count, "TLS")
    }

    /// Says close_notify, if the connection is in a state to.
    package func shutDown() {
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Whether the certificate is valid, of a known authority, and for the name.
    package var isVerified: Bool {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return false }
        X509_free(certificate)
        return SSL_get_verify_result(ssl) == Int(X509_V_OK)
    }

    /// `TLSv1.3`
    package var version: String { String(cString: SSL_get_version(ssl)) }

    /// Right after the call: classifies it and empties the error queue.
    private func step(_ result: Int32, _ words: String) throws(TLSFailure) -> Step {
        if result > 0 { return .moved(Int(result)) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            let verification = context.isServer || !context.insists ? 0 : SSL_get_verify_result(ssl)
            throw OpenSSLErrors.failure(words, verification: verification)
        }
    }
}
