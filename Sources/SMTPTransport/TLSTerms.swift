// What a client asks of a server's TLS: who vouches for the certificate, for which names, and how old TLS may be.

import MailRouting

/// A client's terms. Two connections with equal terms to the same server may share a TLS session.
package struct TLSTerms: Hashable, Sendable {
    /// Who vouches for a certificate.
    package enum Authority: Hashable, Sendable {
        /// The host's own authorities (`/etc/ssl/certs`).
        case system
        /// Those in this PEM file alone.
        case file(String)
        /// Whoever has one of these keys, whatever authority, name and time the certificate has: SHA-256 of its
        /// SubjectPublicKeyInfo. The same as TLSA records `3 1 1`.
        case pinned([[UInt8]])
        /// The domain's TLSA records (RFC 7672). Of usage 3, they count for any name and time. The caller has dropped
        /// usages 0 and 1 (section 3.1.3). Where OpenSSL can use none of them, nobody is authenticated (section 2.2).
        case dane([TLSARecord])
        /// Nobody: what is on the way is encrypted, and that is all.
        case nobody
    }

    /// The oldest version that is spoken. What is older than 1.2 is forbidden (RFC 8996).
    package enum Version: String, Hashable, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    package var authority: Authority
    /// The certificate must be for one of these, names in A-labels or addresses; the first is what the server is asked
    /// for (SNI, RFC 6066 section 3: a name, never an address). Under DANE, the first is the TLSA base domain.
    package var names: [String]
    /// A PEM file with a certificate, its chain and its key, for servers that ask for one.
    package var clientCertificate: String?
    package var minimum: Version

    package init(
        _ authority: Authority = .system, names: [String] = [], clientCertificate: String? = nil,
        minimum: Version = .tls12
    ) {
        self.authority = authority
        self.names = names
        self.clientCertificate = clientCertificate
        self.minimum = minimum
    }

    /// For people: who vouches.
    package var vouching: String {
        switch authority {
        case .system: "this host's authorities"
        case .file(let path): path
        case .pinned: "fingerprint"
        case .dane: "DANE"
        case .nobody: "nobody"
        }
    }
}
