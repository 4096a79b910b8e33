// What the conversation is told of a handshake; it decides what follows from it.

/// Why a TLS handshake failed, as the transport understood OpenSSL.
package struct TLSFailure: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The other side speaks something else ("wrong version number").
        case notTLS
        case expired
        case wrongName
        /// Self-signed, or from an authority that is not known here.
        case untrusted
        /// No protocol version or key that is good enough on both sides.
        case tooOld
        case timedOut
        case disconnected
        case other
    }

    package var kind: Kind
    /// OpenSSL's words, safe to show.
    package var words: String

    package init(_ kind: Kind, _ words: String) {
        self.kind = kind
        self.words = words
    }
}
