// OpenSSL's error queue of this thread, as something that Swift can throw. Called in the same synchronous method as the
// call that failed: the queue belongs to the thread, and the next call may clear it.

import COpenSSL
import Formats
import SMTPProtocol

enum OpenSSLErrors {
    /// Takes the whole queue: `words`, then the reasons from the deepest on.
    ///
    /// - Parameters:
    ///   - verification: what OpenSSL says of the other side's certificate, where that is insisted on.
    ///   - certificate: the one that did not hold.
    static func failure(
        _ words: String, verification: Int = 0, certificate: CertificateFacts? = nil, terms: TLSTerms = TLSTerms(),
        wasAskedForCertificate: Bool = false
    ) -> TLSFailure {
        var kind = TLSFailure.Kind.other
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            if herald_ERR_GET_LIB(code) == ERR_LIB_SSL, let known = Self.kind(ofReason: herald_ERR_GET_REASON(code)) {
                kind = known
            }
            // All that a server says before TLS 1.3 when its client's certificate is missing, and when its signature
            // is not the authority's.
            if [SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_TLSV1_ALERT_DECRYPT_ERROR].contains(
                herald_ERR_GET_REASON(code)), wasAskedForCertificate
            {
                kind = .clientCertificate
            }
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            if !reasons.contains(reason), reasons.count < 8 { reasons.append(reason) }
        }
        var detail = ""
        if verification != 0 {
            kind = Self.kind(ofVerification: verification, terms)
            detail = Self.detail(kind, certificate)
            // Keys that are pinned are TLSA records to OpenSSL, and to nobody else.
            reasons.append(
                kind == .otherFingerprint
                    ? "the server's key is not a pinned one"
                    : String(cString: X509_verify_cert_error_string(verification)))
        }
        let all = ([words] + reasons).filter { !$0.isEmpty }.joined(separator: ": ")
        return TLSFailure(kind, Printable.text(all, limit: 500), detail: detail)
    }

    private static func kind(ofReason reason: Int32) -> TLSFailure.Kind? {
        switch reason {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG,
            SSL_R_WRONG_SSL_VERSION:
            .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL,
            SSL_R_CA_MD_TOO_WEAK, SSL_R_DH_KEY_TOO_SMALL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_VERSION_TOO_LOW,
            SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
            .tooOld
        // The server's alerts about our certificate, or the lack of one; under TLS 1.3 they come after the handshake.
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
            SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
            SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            .clientCertificate
        // The server knows nothing of the name that it was asked for.
        case SSL_R_TLSV1_UNRECOGNIZED_NAME: .wrongName
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: .disconnected
        default: nil
        }
    }

    private static func kind(ofVerification result: Int, _ terms: TLSTerms) -> TLSFailure.Kind {
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: .tooOld
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: .selfSigned
        case X509_V_ERR_DANE_NO_MATCH: if case .pinned = terms.authority { .otherFingerprint } else { .daneMismatch }
        // Made for something else than a server.
        case X509_V_ERR_INVALID_PURPOSE: .other
        default: .untrusted
        }
    }

    /// What of the certificate the kind is about.
    private static func detail(_ kind: TLSFailure.Kind, _ certificate: CertificateFacts?) -> String {
        guard let certificate else { return "" }
        return switch kind {
        case .expired: "it ended on \(certificate.ends.plain()) UTC"
        case .notYetValid: "it begins on \(certificate.begins.plain()) UTC"
        case .wrongName: Printable.text(certificate.names.joined(separator: ", "), limit: 300)
        case .otherFingerprint, .daneMismatch: Hex.encode(certificate.fingerprint)
        case .untrusted: certificate.issuer
        default: ""
        }
    }
}
