// OpenSSL's error queue of this thread, as something that Swift can throw. Called in the same synchronous method as the
// call that failed: the queue belongs to the thread, and the next call may clear it.

import COpenSSL
import Formats
import SMTPProtocol

enum OpenSSLErrors {
    /// Takes the whole queue: `words`, then the reasons from the deepest on.
    static func failure(_ words: String, verification: Int = 0) -> TLSFailure {
        var kind = TLSFailure.Kind.other
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            if herald_ERR_GET_LIB(code) == ERR_LIB_SSL, let known = Self.kind(ofReason: herald_ERR_GET_REASON(code)) {
                kind = known
            }
            let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
            if !reasons.contains(reason), reasons.count < 8 { reasons.append(reason) }
        }
        if verification != 0 {
            kind = Self.kind(ofVerification: verification)
            reasons.append(String(cString: X509_verify_cert_error_string(verification)))
        }
        let all = ([words] + reasons).filter { !$0.isEmpty }.joined(separator: ": ")
        return TLSFailure(kind, Printable.text(all, limit: 500))
    }

    private static func kind(ofReason reason: Int32) -> TLSFailure.Kind? {
        switch reason {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG,
            SSL_R_WRONG_SSL_VERSION:
            .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL,
            SSL_R_CA_MD_TOO_WEAK, SSL_R_DH_KEY_TOO_SMALL, SSL_R_NO_PROTOCOLS_AVAILABLE:
            .tooOld
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: .disconnected
        default: nil
        }
    }

    private static func kind(ofVerification result: Int) -> TLSFailure.Kind {
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: .expired
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: .wrongName
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK: .tooOld
        default: .untrusted
        }
    }
}
