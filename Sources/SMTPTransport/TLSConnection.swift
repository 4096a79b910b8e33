// TLS as a transformation between bytes and bytes: OpenSSL over two memory BIOs. The socket, its deadlines and SIGPIPE are
// NetworkStream's business, so that waiting is done in one place, plain or not.

import COpenSSL
import Formats
import MailRouting
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

    /// Where a client's sessions come from and go to.
    struct Resumption {
        let cache: TLSSessionCache
        let key: TLSSessionCache.Key
        /// The one that this handshake offers.
        var offered: Secret?
    }

    /// OpenSSL's, for as long as this lives.
    package let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    let context: TLSContext
    private var resumption: Resumption?
    /// Whether the terms' authority is what the certificate is checked by: not where no TLSA record can be used.
    private var isChecked = true
    /// Of the server's certificate when it did not hold: OpenSSL forgets it.
    private var refused: CertificateFacts?
    /// The server asked for a client certificate.
    package private(set) var wasAskedForCertificate = false

    /// For a client, with the names of the context's terms. `sessions`: those of the server, where its certificate is
    /// insisted on.
    package init(
        _ context: TLSContext, sessions: (cache: TLSSessionCache, server: ServerAddress)? = nil
    ) throws(TLSFailure) {
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
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        try expect(context.terms)
        if let sessions, context.insists, isChecked {
            let key = TLSSessionCache.Key(sessions.server, context.terms)
            resumption = Resumption(cache: sessions.cache, key: key, offered: sessions.cache.take(key))
            resumption?.offered?.withBytes { resume($0) }
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
        guard case .moved = step else { return step }
        // Before TLS 1.3 a session may be taken up again and again; there, new ones follow.
        if isResumed, !isTLS13, let resumption, let offered = resumption.offered {
            resumption.cache.keep(offered, resumption.key)
        }
        resumption?.offered = nil
        return .done
    }

    /// Decrypts into `block`.
    package func read(into block: inout [UInt8]) throws(TLSFailure) -> Step {
        ERR_clear_error()
        let count = block.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, Int32(clamping: $0.count)) }
        return try step(count, "TLS")
    }

    /// Encrypts the bytes from `start` on, not always all of them. After `needsInput`, call again with the same.
    package func write(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(TLSFailure) -> Step {
        guard start < bytes.count else { return .moved(0) }
        ERR_clear_error()
        return try step(
            SSL_write(ssl, bytes.baseAddress?.advanced(by: start), Int32(clamping: bytes.count - start)), "TLS")
    }

    /// Says close_notify, if the connection is in a state to.
    package func shutDown() {
        ERR_clear_error()
        _ = SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// Whether the certificate is what the terms ask for.
    package var isVerified: Bool {
        guard isChecked, context.terms.authority != .nobody, let certificate = SSL_get1_peer_certificate(ssl) else {
            return false
        }
        X509_free(certificate)
        return SSL_get_verify_result(ssl) == Int(X509_V_OK)
    }

    /// Right after the call: classifies it and empties the error queue.
    private func step(_ result: Int32, _ words: String) throws(TLSFailure) -> Step {
        if result > 0 { return .moved(Int(result)) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            let verification = context.isServer || !context.insists ? 0 : SSL_get_verify_result(ssl)
            throw OpenSSLErrors.failure(
                words, verification: verification, certificate: refused, terms: context.terms,
                wasAskedForCertificate: wasAskedForCertificate)
        }
    }
}

// What a client expects of the server.
extension TLSConnection {
    private func expect(_ terms: TLSTerms) throws(TLSFailure) {
        let names = terms.names.filter { !Self.isAddress($0) }
        if let name = names.first, herald_SSL_set_tlsext_host_name(ssl, name) != 1 {
            throw OpenSSLErrors.failure("cannot ask for the name \(Printable.text(name))")
        }
        switch terms.authority {
        case .system, .file, .nobody: break
        case .pinned(let keys):
            // A key that vouches for itself is what TLSA `3 1 1` says.
            let records = keys.map { TLSARecord(usage: 3, selector: 1, matching: 1, data: $0) }
            guard try expect(records, base: names.first) else {
                throw TLSFailure(.otherFingerprint, "none of the fingerprints is the SHA-256 of a key")
            }
        case .dane(let records):
            isChecked = try expect(records, base: names.first)
            if !isChecked { SSL_set_verify(ssl, SSL_VERIFY_NONE, nil) }
        }
        SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        for name in terms.names {
            // An address is looked for among the certificate's addresses, a name among its names.
            let isSet =
                Self.isAddress(name)
                ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1 : SSL_add1_host(ssl, name) == 1
            guard isSet else { throw OpenSSLErrors.failure("cannot ask for the name \(Printable.text(name))") }
        }
    }

    /// RFC 7672. False where none of the records can be used.
    private func expect(_ records: [TLSARecord], base: String?) throws(TLSFailure) -> Bool {
        guard SSL_dane_enable(ssl, base) > 0 else { throw OpenSSLErrors.failure("cannot set up DANE") }
        // Section 3.1.1: of usage 3 the key is all.
        SSL_dane_set_flags(ssl, UInt(DANE_FLAG_NO_DANE_EE_NAMECHECKS))
        var usable = 0
        for record in records where record.usage == 2 || record.usage == 3 {
            let code = SSL_dane_tlsa_add(
                ssl, record.usage, record.selector, record.matching, record.data, record.data.count)
            if code > 0 { usable += 1 }
        }
        ERR_clear_error()
        return usable > 0
    }

    private static func isAddress(_ name: String) -> Bool { IPAddress(text: name) != nil }

    private func resume(_ bytes: UnsafeRawBufferPointer) {
        var at = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let session = d2i_SSL_SESSION(nil, &at, bytes.count) else { return ERR_clear_error() }
        SSL_set_session(ssl, session)
        SSL_SESSION_free(session)
    }
}

// What OpenSSL tells on the way, on the connection's own thread and inside its calls.
extension TLSConnection {
    /// Sets up a client's context so that its connections hear of what they need.
    static func observe(_ context: OpaquePointer, insists: Bool) {
        SSL_CTX_set_verify(context, insists ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) { isGood, store in
            if isGood == 0, let store { TLSConnection.refuse(store) }
            return isGood
        }
        // RFC 8446 section 4.3.2; called whether there is one or not.
        SSL_CTX_set_cert_cb(
            context,
            { ssl, _ in
                TLSConnection.of(ssl)?.wasAskedForCertificate = true
                return 1
            }, nil)
        herald_SSL_CTX_keep_no_sessions(context)
        SSL_CTX_sess_set_new_cb(context) { ssl, session in
            TLSConnection.of(ssl)?.keep(session)
            // The session is still OpenSSL's.
            return 0
        }
    }

    /// Keeps what is known of the certificate that does not hold: the server's own, unless it is another one's time.
    private static func refuse(_ store: OpaquePointer) {
        guard let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()) else { return }
        let isTime = [X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID].contains(
            X509_STORE_CTX_get_error(store))
        let certificate = isTime ? X509_STORE_CTX_get_current_cert(store) : X509_STORE_CTX_get0_cert(store)
        of(OpaquePointer(ssl))?.refused = certificate.map { CertificateFacts($0) }
    }

    private static func of(_ ssl: OpaquePointer?) -> TLSConnection? {
        guard let ssl, let raw = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSConnection>.fromOpaque(raw).takeUnretainedValue()
    }

    private func keep(_ session: OpaquePointer?) {
        guard let resumption, isVerified, let session, SSL_SESSION_is_resumable(session) == 1 else { return }
        let count = Int(i2d_SSL_SESSION(session, nil))
        guard (1...(64 << 10)).contains(count) else { return }
        let secret = Secret(count: count) { buffer in
            var at = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            i2d_SSL_SESSION(session, &at)
        }
        resumption.cache.keep(secret, resumption.key)
    }
}
