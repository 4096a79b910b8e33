// How much of TLS a host of `server: direct` must show before it gets a letter.

/// The strongest that the domain asks for: DANE (RFC 7672), else MTA-STS (RFC 8461), else what can be had.
package enum HostProtection: Hashable, Sendable {
    /// TLS, and the certificate fits one of these records. `base` is the name for SNI and the first that a certificate of
    /// an authority of the domain's own (usage 2) may have; `names` are the further ones. Usage 3 checks no name.
    case dane([TLSARecord], base: DomainName, names: [DomainName])
    /// TLS; nobody is authenticated: there are TLSA records, and none can be used (RFC 7672 section 2.2).
    case encrypted
    /// TLS with a certificate for this name by an authority that the system trusts (RFC 8461 section 4.2).
    case sts(DomainName)
    /// TLS where it can be had, unverified; else plain (RFC 7435).
    case opportunistic

    /// Whether a letter may never go to the host in plain.
    package var requiresTLS: Bool { self != .opportunistic }

    /// For status and log: `DANE`, `TLS`, `MTA-STS`, `opportunistic TLS`.
    package var words: String {
        switch self {
        case .dane: "DANE"
        case .encrypted: "TLS"
        case .sts: "MTA-STS"
        case .opportunistic: "opportunistic TLS"
        }
    }
}
