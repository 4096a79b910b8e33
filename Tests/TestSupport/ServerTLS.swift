// What a scripted peer's TLS is like, and what it does in the middle of a session: things that our own server never does.

import COpenSSL
import Formats
import SMTPTransport

/// A server's TLS that a test wants otherwise than ours.
package struct ServerTLS: Sendable {
    /// The newest version that it speaks (`TLS1_2_VERSION`).
    package var newest: Int32?
    /// The oldest one.
    package var oldest: Int32?
    /// OpenSSL's, 0 to 5: what keys, digests and versions it agrees to.
    package var securityLevel: Int32?
    /// In PEM: clients must show a certificate by this authority.
    package var clientAuthority: [UInt8]?
    /// Clients are asked for one, and need not show it.
    package var clientMayDecline = false

    /// Takes up sessions of other connections whose TLS says so too.
    package var resumes: Bool

    /// TLS 1.0 and 1.1, and no more.
    package static let old = ServerTLS(newest: TLS1_1_VERSION, oldest: TLS1_VERSION, securityLevel: 0)

    package init(
        newest: Int32? = nil, oldest: Int32? = nil, securityLevel: Int32? = nil, clientAuthority: [UInt8]? = nil,
        clientMayDecline: Bool = false, resumes: Bool = false
    ) {
        self.newest = newest
        self.oldest = oldest
        self.securityLevel = securityLevel
        self.clientAuthority = clientAuthority
        self.clientMayDecline = clientMayDecline
        self.resumes = resumes
    }

    func context(_ certificate: ServerCertificate) throws -> TLSContext {
        let context = try TLSContext.server(certificate, securityLevel: securityLevel)
        let pointer = context.pointer
        if let oldest { SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(oldest), nil) }
        if let newest { SSL_CTX_ctrl(pointer, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(newest), nil) }
        if resumes {
            // What tickets are sealed with: the same for all. 80 bytes, says SSL_CTX_set_tlsext_ticket_keys(3).
            var keys = [UInt8](repeating: 7, count: 80)
            SSL_CTX_ctrl(pointer, SSL_CTRL_SET_TLSEXT_TICKET_KEYS, keys.count, &keys)
        }
        if let clientAuthority {
            let demand = clientMayDecline ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | demand, nil)
            clientAuthority.withUnsafeBytes { bytes in
                let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
                let authority = PEM_read_bio_X509(bio, nil, nil, nil)
                X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority)
                X509_free(authority)
                BIO_free(bio)
            }
        }
        return context
    }
}

/// What a server may do at any moment (row 45).
package enum Interjection: Sendable, CaseIterable {
    /// TLS 1.2: HelloRequest; the client makes a new handshake.
    case renegotiation
    /// TLS 1.3: new keys for what the server sends.
    case keyUpdate
    /// TLS 1.3: new keys both ways.
    case keyUpdateBothWays
    /// TLS 1.3: one more session ticket.
    case ticket

    package var newest: Int32 { self == .renegotiation ? TLS1_2_VERSION : TLS1_3_VERSION }

    private struct Refused: Error {}

    func make(_ stream: NetworkStream) throws {
        guard let ssl = stream.protection?.ssl else { throw Refused() }
        ERR_clear_error()
        let asked =
            switch self {
            case .renegotiation: SSL_renegotiate(ssl)
            case .keyUpdate: SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
            case .keyUpdateBothWays: SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
            case .ticket: SSL_new_session_ticket(ssl)
            }
        guard asked == 1, SSL_do_handshake(ssl) == 1 else { throw Refused() }
    }
}
