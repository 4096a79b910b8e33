// Why there is no token, and what is to be done: the errors of RFC 6749 section 5.2 and RFC 8628 section 3.5, and what
// Microsoft and Google document beyond them. Pure.

import Formats

/// A request that brought no token.
package struct TokenFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The person has not signed in yet (RFC 8628 section 3.5).
        case pending
        /// Likewise, and to be asked less often.
        case slowDown
        /// The device code is past its time.
        case codeExpired
        /// The person, or the organisation for the person, said no.
        case declined
        /// The sign-in holds no more: a person has to sign in again.
        case signInAgain
        /// The application, its secret or its key are not as the provider knows them.
        case client
        /// What is asked for is not to be had so.
        case request
        /// Not now.
        case later
        /// No token endpoint says such a thing.
        case unreadable
    }

    package var kind: Kind
    /// The endpoint's words, or ours; safe to show.
    package var words: String
    /// What to do about it; empty where there is nothing to say beyond the words.
    package var remedy: String
    /// Not to be asked again before.
    package var retryAfter: Duration?

    package init(_ kind: Kind, _ words: String, remedy: String = "", retryAfter: Duration? = nil) {
        (self.kind, self.words, self.remedy, self.retryAfter) = (kind, words, remedy, retryAfter)
    }

    /// Time may mend it; all else a person has to.
    package var isTransient: Bool { [.pending, .slowDown, .later, .unreadable].contains(kind) }

    package var description: String { remedy.isEmpty ? words : "\(words) (\(remedy))" }
}

extension TokenFault {
    /// No wait that is asked for is longer.
    static let longestWait = Duration.seconds(3600)

    /// The object of an answer that is none of an error.
    static func object(in answer: OAuthAnswer, _ way: OAuthClient.Way) throws(TokenFault) -> JSON {
        guard case .http(let status, let retryAfter, let body) = answer else {
            if case .nothing(let words, let remedy) = answer { throw TokenFault(.later, words, remedy: remedy) }
            throw TokenFault(.later, "no answer")
        }
        let parsed = try? JSON.parse(body)
        let json: JSON? = if case .object? = parsed { parsed } else { Optional.none }
        let isBusy = status == 429 || status == 408 || (500...599).contains(status)
        if let json, let fault = TokenFault(json, way, isBusy: isBusy) {
            throw isBusy ? fault.waiting(retryAfter) : fault
        }
        if isBusy {
            throw TokenFault(.later, "the token endpoint answers \(status)\(said(body))").waiting(retryAfter)
        }
        guard let json else {
            throw TokenFault(.unreadable, "the token endpoint answers \(status) and no JSON\(said(body))")
        }
        guard (200...299).contains(status) else {
            throw TokenFault(.unreadable, "the token endpoint answers \(status) and does not say why")
        }
        return json
    }

    /// The beginning of what is no JSON: a proxy's page, most often.
    private static func said(_ body: [UInt8]) -> String {
        let text = Printable.text(body.prefix(400).drop { $0 <= 0x20 }, limit: 80)
        return text.isEmpty ? "" : ": \(text)"
    }

    private func waiting(_ retryAfter: String) -> TokenFault {
        var fault = self
        if let seconds = Int64(retryAfter.filter { $0 != " " }), seconds > 0 {
            fault.retryAfter = min(.seconds(min(seconds, 86400)), Self.longestWait)
        }
        return fault
    }

    /// Nil where the object is of no error.
    private init?(_ json: JSON, _ way: OAuthClient.Way, isBusy: Bool) {
        guard let error = json["error"] else { return nil }
        // Google's other services have an object there.
        let name = error.string ?? error["status"]?.string ?? "error"
        let text = json["error_description"]?.string ?? error["message"]?.string ?? ""
        let number = MicrosoftError.number(in: text, codes: json["error_codes"]?.array)
        let line = text.utf8.prefix { $0 != 0x0a && $0 != 0x0d }
        let shown = Printable.text(line, limit: 300)
        let words = Printable.text(name, limit: 60) + (shown.isEmpty ? "" : ": \(shown)")
        let known = number.flatMap(MicrosoftError.init)
        var kind = isBusy ? .later : known?.kind ?? Self.kind(of: name, way)
        // Of a key's assertion nobody signs in again.
        if way == .serviceAccount || way == .clientCredentials, kind == .signInAgain || kind == .declined {
            kind = .request
        }
        self.init(kind, words, remedy: known?.remedy ?? Self.remedy(name, shown, way))
    }

    private static func kind(of name: String, _ way: OAuthClient.Way) -> Kind {
        switch name {
        case "authorization_pending": .pending
        case "slow_down": .slowDown
        // `bad_verification_code` is Microsoft's for a device code that it does not know (any more).
        case "expired_token", "bad_verification_code", "code_expired": .codeExpired
        // `authorization_declined` is Microsoft's.
        case "access_denied", "authorization_declined": .declined
        case "invalid_grant", "interaction_required", "login_required": .signInAgain
        case "invalid_client", "unauthorized_client", "deleted_client", "disabled_client": .client
        case "temporarily_unavailable", "server_error", "service_unavailable", "internal_failure", "backend_error",
            "rate_limit_exceeded", "quota_exceeded", "UNAVAILABLE", "RESOURCE_EXHAUSTED":
            .later
        default: .request
        }
    }

    private static func remedy(_ name: String, _ text: String, _ way: OAuthClient.Way) -> String {
        if way == .serviceAccount { return serviceAccountRemedy(name, text) }
        return switch name {
        case "invalid_client", "deleted_client", "disabled_client": "check oauth's client_id and client_secret_file"
        case "unauthorized_client": "register the application for this kind of sign-in"
        case "invalid_scope": "check oauth's scopes"
        case "redirect_uri_mismatch": "register the application as one for desktops"
        case "admin_policy_enforced", "org_internal", "consent_required":
            "have an administrator of the organisation allow the application"
        default: ""
        }
    }

    /// developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes".
    private static func serviceAccountRemedy(_ name: String, _ text: String) -> String {
        if text.contains("short-lived") { return "set this host's clock" }
        if text.contains("Signature") || text.contains("signature") {
            return "the key was deleted or replaced: make a new one, and set oauth's key_file to it"
        }
        if text.contains("User ID") || text.contains("email") { return "check oauth's subject, and the key's account" }
        return switch name {
        case "unauthorized_client":
            "in the Admin console (Security, API controls, Domain-wide delegation) give the service account's client id "
                + "the scope https://mail.google.com/"
        case "invalid_scope": "check oauth's scopes"
        case "access_denied", "admin_policy_enforced":
            "have an administrator of the organisation allow the service account"
        case "disabled_client", "deleted_client": "the service account is switched off or deleted: make a new key"
        default: ""
        }
    }
}

/// Microsoft's own numbers, for the cases where they say more than the error's name. They may change (says their page), so
/// nothing hangs on one but words and the kind of what would be `.request` or `.signInAgain` otherwise.
/// learn.microsoft.com/entra/identity-platform/reference-error-codes
private struct MicrosoftError {
    var kind: TokenFault.Kind
    var remedy: String

    /// From `error_codes`, or the words' own beginning: `AADSTS700082: …`.
    static func number(in text: String, codes: [JSON]?) -> Int64? {
        if let first = codes?.first?.int { return first }
        guard let at = text.utf8.firstRange(ofBytes: "AADSTS".utf8) else { return nil }
        return Int64(
            String(decoding: text.utf8[at.upperBound...].prefix { (48...57).contains($0) }.prefix(12), as: UTF8.self))
    }

    init?(_ number: Int64) {
        let signIn = TokenFault.Kind.signInAgain
        switch number {
        case 70016: (kind, remedy) = (.pending, "")
        case 70018, 70019, 70020: (kind, remedy) = (.codeExpired, "")
        case 700082: (kind, remedy) = (signIn, "it was not used for too long")
        case 50173: (kind, remedy) = (signIn, "the password was changed, or the sign-in withdrawn")
        case 70008, 700084: (kind, remedy) = (signIn, "it has expired")
        case 50076, 50078, 50079, 50074, 70043, 50158:
            (kind, remedy) = (signIn, "the organisation wants a second factor")
        case 65001: (kind, remedy) = (.request, "consent to the application, or have an administrator consent")
        case 50057: (kind, remedy) = (.request, "the mailbox's user is disabled")
        case 50020, 50034, 500341: (kind, remedy) = (.request, "check oauth's tenant: the user is not of it")
        case 53000...53004, 530031...530035:
            (kind, remedy) = (.request, "the organisation's conditional access does not allow this sign-in")
        case 700016:
            (kind, remedy) = (.client, "check oauth's client_id and tenant: the application is not of that one")
        case 90002: (kind, remedy) = (.client, "check oauth's tenant: there is none of that name")
        case 50194: (kind, remedy) = (.client, "set oauth's tenant: the application is for one organisation")
        case 7000215: (kind, remedy) = (.client, "client_secret_file must have the secret's value, not its id")
        case 7000222:
            (kind, remedy) = (
                .client, "the client secret has expired: make a new one, and write it to client_secret_file"
            )
        case 7000218:
            (kind, remedy) = (
                .client,
                "switch on \"Allow public client flows\" in the application's registration, or set client_secret_file"
            )
        case 7000112: (kind, remedy) = (.client, "the application is disabled")
        case 70011, 1002012: (kind, remedy) = (.request, "check oauth's scopes")
        default: return nil
        }
    }
}
