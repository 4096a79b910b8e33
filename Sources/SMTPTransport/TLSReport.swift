// A TLS connection that stands, told: for traces and `herald test-connection`.

/// What a connection's TLS is like; every text is safe to show.
package struct TLSReport: Hashable, Sendable {
    /// `TLSv1.3`
    package var version: String
    /// `TLS_AES_256_GCM_SHA384`
    package var cipher: String
    /// The server's.
    package var certificate: CertificateFacts?
    /// Who vouches for it (`TLSTerms.vouching`); nil: nobody does.
    package var vouching: String?
    /// Whether an earlier session was taken up.
    package var isResumed: Bool
    /// The server asked for a certificate of ours, and there is none.
    package var lacksClientCertificate: Bool

    /// `TLSv1.3, TLS_AES_256_GCM_SHA384, certificate for mail.example.org, issued by CN=R11,O=Let's Encrypt,C=US, until
    /// 2027-01-20, EC 256, verified by this host's authorities`.
    package var summary: String {
        var parts = [version, cipher]
        if let certificate { parts.append("certificate \(certificate.summary)") }
        return (parts + [verification] + remarks).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    package var verification: String { vouching.map { "verified by \($0)" } ?? "not verified" }

    /// What need not be, and is.
    package var remarks: [String] {
        (isResumed ? ["session resumed"] : []) + (lacksClientCertificate ? ["asks for a client certificate"] : [])
    }
}
