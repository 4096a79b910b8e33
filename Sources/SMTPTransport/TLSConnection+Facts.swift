// What is known of a TLS connection once it stands: for the conversation, for traces and for the sink's login.

import COpenSSL
import Formats
import SMTPProtocol

extension TLSConnection {
    /// `TLSv1.3`
    package var version: String { String(cString: SSL_get_version(ssl)) }

    var isTLS13: Bool { SSL_version(ssl) == TLS1_3_VERSION }

    /// `TLS_AES_256_GCM_SHA384`
    package var cipher: String {
        SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? ""
    }

    /// Whether an earlier session was taken up.
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// The other side's certificate.
    package var certificate: CertificateFacts? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        return CertificateFacts(certificate)
    }

    /// `tls-exporter` (RFC 9266): what a login can be bound to, the same on both sides and on no other connection. Nil
    /// before TLS 1.3, where it would not be unique (section 3).
    package var channelBinding: [UInt8]? {
        guard isTLS13 else { return nil }
        ERR_clear_error()
        let label = "EXPORTER-Channel-Binding"
        var binding = [UInt8](repeating: 0, count: 32)
        let code = SSL_export_keying_material(ssl, &binding, 32, label, label.utf8.count, nil, 0, 0)
        ERR_clear_error()
        return code == 1 ? binding : nil
    }

    /// What the conversation is told.
    package var facts: TLSFacts { TLSFacts(isVerified: isVerified, channelBinding: channelBinding) }

    /// What it is like, for people and programs.
    package var report: TLSReport {
        TLSReport(
            version: version, cipher: cipher, certificate: certificate,
            vouching: isVerified ? context.terms.vouching : nil, isResumed: isResumed,
            lacksClientCertificate: wasAskedForCertificate && context.terms.clientCertificate == nil)
    }
}
