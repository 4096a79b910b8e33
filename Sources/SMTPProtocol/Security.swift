// What an account asks of its session's protection, and what the conversation is told of a handshake.

/// How the session with a server is protected.
package enum Security: String, Hashable, Sendable, CaseIterable {
    /// TLS from the first byte (RFC 8314 section 3.3).
    case tls
    /// STARTTLS (RFC 3207), required.
    case starttls
    /// STARTTLS where offered; certificates are not insisted on, and then nobody logs in.
    case opportunistic
    case none
}

/// What a handshake came to.
package struct TLSFacts: Hashable, Sendable {
    /// The certificate is valid, of a known authority, and for this name; or DANE or a fingerprint vouches for it.
    package var isVerified: Bool
    /// What SCRAM-SHA-256-PLUS binds to: 32 octets of `EXPORTER-Channel-Binding` (RFC 9266). Nil before TLS 1.3, where
    /// they would not be unique.
    package var channelBinding: [UInt8]?

    package init(isVerified: Bool, channelBinding: [UInt8]? = nil) {
        self.isVerified = isVerified
        self.channelBinding = channelBinding
    }
}

/// Why a TLS handshake failed, as the transport understood OpenSSL.
package struct TLSFailure: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        /// The other side speaks something else ("wrong version number").
        case notTLS
        case expired
        /// Its time has not begun, by the clock here.
        case notYetValid
        case wrongName
        case selfSigned
        /// From an authority that is not known here, or an intermediate certificate is missing.
        case untrusted
        /// None of the fingerprints in the settings.
        case otherFingerprint
        /// None of the TLSA records (RFC 7672).
        case daneMismatch
        /// The server wants a certificate of ours, or does not take the one it got.
        case clientCertificate
        /// No protocol version, cipher or key that is good enough on both sides.
        case tooOld
        case timedOut
        case disconnected
        case other
    }

    package var kind: Kind
    /// OpenSSL's words, safe to show.
    package var words: String
    /// What the kind is about: the certificate's names, its end, its fingerprint; safe to show, or empty.
    package var detail: String

    package init(_ kind: Kind, _ words: String, detail: String = "") {
        self.kind = kind
        self.words = words
        self.detail = detail
    }
}
