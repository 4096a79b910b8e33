// Access tokens: kept, renewed before they end, one renewal at a time for each account.
//
// What must stay true: a refresh token that replaces another is on the disk (written, synced, renamed) before anything is
// done with what came with it; a sign-in of a person is never overwritten by a renewal that began before it; the mailer's own
// thread never waits for a token endpoint.

import Authorization
import Formats
import Glibc
import Logging
import Platform
import SMTPProtocol
import SMTPTransport
import Settings
import Synchronization

/// Tokens of all accounts and folders. Any thread; `token` blocks its caller for as long as a token endpoint may take.
package final class TokenKeeper: Sendable {
    typealias Fetch = @Sendable (OAuthRequest, _ caFile: String?) -> OAuthAnswer

    /// So long before its end a token is renewed; of a short one, at half of its time.
    static let margin = Duration.seconds(300)
    /// Between two tries of which the first failed.
    static let pause = Duration.seconds(10)

    /// What is known of one owner's tokens.
    struct Held {
        var record: TokenRecord?
        /// The record's refresh token is not on the disk yet.
        var isUnsaved = false
        /// Grows with every sign-in.
        var generation = 0
        /// Why the last try brought nothing, and until when there is no other; monotonic.
        var fault: (SessionFault, until: Duration)?
    }

    final class Drawer: Sendable {
        /// Held while a token is renewed; whoever needs it waits here.
        let renewing = Mutex(())
        /// Held for instants.
        let held: Mutex<Held>

        init(_ record: TokenRecord?) { held = Mutex(Held(record: record)) }
    }

    private struct Contents {
        var sources: [TokenOwner: TokenSource] = [:]
        var drawers: [TokenOwner: Drawer] = [:]
    }

    private let folder: String
    private let log: Logger
    private let fetch: Fetch
    private let contents = Mutex(Contents())

    /// - Parameter folder: the mailer's state.
    init(folder: String, log: Logger, fetch: @escaping Fetch = { TokenFetch.answer(to: $0, caFile: $1) }) {
        (self.folder, self.log, self.fetch) = (folder + "/tokens", log, fetch)
    }

    /// Takes over what the settings say, at a start and a reload.
    func update(_ settings: Settings) {
        let sources = settings.tokenSources
        contents.withLock { contents in
            contents.sources = sources
            for owner in sources.keys where contents.drawers[owner] == nil {
                contents.drawers[owner] = Drawer(read(owner))
            }
        }
    }

    private func find(_ owner: TokenOwner) -> (source: TokenSource, drawer: Drawer)? {
        contents.withLock { contents in
            guard let source = contents.sources[owner], let drawer = contents.drawers[owner] else { return nil }
            return (source, drawer)
        }
    }

    /// Everybody, with what is kept of theirs now.
    var sources: [(owner: TokenOwner, source: TokenSource, record: TokenRecord?)] {
        contents.withLock { contents in
            contents.sources.map { owner, source in
                let record = contents.drawers[owner]?.held.withLock { $0.record }
                return (owner, source, record?.client == source.oauth.client ? record : nil)
            }
        }
    }

    // MARK: A token

    /// A token that can be used now, and whose it is. Throws what stands for the account: it pauses where a person has to act.
    /// - Parameter refused: the token that a server has refused, when it has.
    func token(for owner: TokenOwner, refused: Secret? = nil) throws(SessionFault) -> (name: String, token: Secret) {
        guard let (source, drawer) = find(owner) else {
            throw SessionFault(.login, "\(owner.words) has no 'oauth' in the settings", [.tryAgain, .tellOperator])
        }
        if let ready = ready(drawer, source, refused) { return try named(ready, source, owner) }
        let renewed = try drawer.renewing.withLock { (_) throws(SessionFault) -> TokenRecord in
            // Somebody else may have done it meanwhile.
            if let ready = ready(drawer, source, refused) { return ready }
            return try renew(owner, source, drawer, refused)
        }
        return try named(renewed, source, owner)
    }

    private func named(
        _ record: TokenRecord, _ source: TokenSource, _ owner: TokenOwner
    ) throws(SessionFault) -> (name: String, token: Secret) {
        guard let name = source.login ?? source.oauth.subject ?? record.address, let token = record.accessToken else {
            throw SessionFault(
                .login, "the sign-in of \(owner.words) does not say whose mailbox it is", [.tryAgain, .tellOperator],
                remedy: "set 'login' to the mailbox's address")
        }
        return (name, token)
    }

    /// Nil where it has to be renewed first.
    private func ready(_ drawer: Drawer, _ source: TokenSource, _ refused: Secret?) -> TokenRecord? {
        let held = drawer.held.withLock { $0 }
        guard let record = held.record, !held.isUnsaved, record.client == source.oauth.client,
            record.accessToken != refused
        else { return nil }
        let lifetime = record.accessExpires - record.renewed
        return record.accessHolds(for: min(Self.margin, lifetime / 2), at: SystemClock.now()) ? record : nil
    }

    /// On the thread that needs the token, and alone for this owner.
    private func renew(
        _ owner: TokenOwner, _ source: TokenSource, _ drawer: Drawer, _ refused: Secret?
    ) throws(SessionFault) -> TokenRecord {
        let held = drawer.held.withLock { $0 }
        if held.isUnsaved, let record = held.record {
            try keep(record, owner, drawer, held.generation, source)
            if let ready = ready(drawer, source, refused) { return ready }
        }
        do throws(SessionFault) {
            if let (fault, until) = held.fault, until > SystemClock.monotonic() { throw fault }
            let reply = try ask(owner, source, held, drawer)
            var record = held.record.flatMap { $0.client == source.oauth.client ? $0 : nil }
            let isRotated = reply.refreshToken != nil && reply.refreshToken != record?.refreshToken
            record = record ?? TokenRecord(client: source.oauth.client)
            guard var record else { throw SessionFault(.login, "no token", .tryAgain) }
            record.take(reply, at: SystemClock.now())
            if isRotated { log.info("\(owner.words): the refresh token was replaced") }
            return try keep(record, owner, drawer, held.generation, source)
        } catch {
            // One that still holds for a while is better than none, while time may mend it.
            if !error.isAccountFault, let record = held.record, record.client == source.oauth.client,
                record.accessToken != refused, record.accessHolds(for: .seconds(30), at: SystemClock.now())
            {
                log.warning("\(owner.words): \(error)")
                return record
            }
            throw error
        }
    }

    private func ask(
        _ owner: TokenOwner, _ source: TokenSource, _ held: Held, _ drawer: Drawer
    ) throws(SessionFault) -> TokenReply {
        let client = try OAuthClient(source.oauth)
        let request = client.tokenRequest(try grant(owner, source, held, client))
        guard CurlRequest.isInstalled else {
            throw SessionFault(.login, CurlFault.missing.words, [.tryAgain, .tellOperator], .curlMissing)
        }
        let answer = fetch(request, source.oauth.caFile)
        do throws(TokenFault) {
            let reply = try TokenReply(answer, client.way)
            drawer.held.withLock { $0.fault = nil }
            return reply
        } catch {
            let fault = SessionFault(error, owner)
            let until = SystemClock.monotonic() + max(Self.pause, error.retryAfter ?? .zero)
            drawer.held.withLock { if $0.generation == held.generation { $0.fault = (fault, until) } }
            throw fault
        }
    }

    private func grant(
        _ owner: TokenOwner, _ source: TokenSource, _ held: Held, _ client: OAuthClient
    ) throws(SessionFault) -> Grant {
        switch client.way {
        case .clientCredentials: return .clientCredentials
        case .serviceAccount: return .assertion(try Self.assertion(source, client))
        case .deviceCode, .loopback:
            guard let record = held.record, record.client == source.oauth.client, let token = record.refreshToken else {
                var fault = SessionFault(
                    .login, "nobody has signed in for \(owner.words)", [.tryAgain, .tellOperator], .signInAgain,
                    detail: owner.argument)
                fault.likelyCause = ""
                throw fault
            }
            return .refresh(token)
        }
    }

    /// For a service account.
    package static func assertion(_ source: TokenSource, _ client: OAuthClient) throws(SessionFault) -> Secret {
        let path = source.oauth.keyFile ?? ""
        var file: [UInt8]
        do throws(SystemError) {
            file = try Files.read(Passwords.place(of: path), limit: 1 << 16)
        } catch {
            throw SessionFault(.login, "oauth's key_file: \(error)", [.tryAgain, .tellOperator])
        }
        defer { Secret.wipe(&file) }
        do throws(KeyFault) {
            return try ServiceAccountKey(file).assertion(
                scopes: client.scopes, audience: client.endpoints.token,
                subject: source.oauth.subject ?? source.login, at: SystemClock.now())
        } catch {
            throw SessionFault(
                .login, "oauth's key_file \(Printable.text(path)): \(error)", [.tryAgain, .tellOperator])
        }
    }

    // MARK: Keeping

    /// On the disk first where it matters, then for use; what a person has signed in to meanwhile stays.
    @discardableResult
    private func keep(
        _ record: TokenRecord, _ owner: TokenOwner, _ drawer: Drawer, _ generation: Int, _ source: TokenSource
    ) throws(SessionFault) -> TokenRecord {
        let isOurs = drawer.held.withLock { held in
            guard held.generation == generation else { return false }
            // Whatever becomes of the file, the old one may be of no use any more.
            held.record = record
            held.isUnsaved = record.refreshToken != nil
            return true
        }
        guard isOurs else {
            throw SessionFault(.login, "\(owner.words): somebody has signed in meanwhile", [.tryAgain, .nextAddress])
        }
        guard record.refreshToken != nil else { return record }
        do throws(SystemError) {
            try drawer.held.withLock { (held) throws(SystemError) in
                guard held.generation == generation else { return }
                try Self.write(record, owner, folder)
                held.isUnsaved = false
            }
        } catch {
            throw SessionFault(
                .login, "the token of \(owner.words) cannot be kept: \(error)", [.tryAgain, .nextAddress])
        }
        return record
    }

    /// Somebody has signed in.
    func put(_ record: TokenRecord, for owner: TokenOwner) throws(SystemError) {
        let drawer = contents.withLock { contents in
            let drawer = contents.drawers[owner] ?? Drawer(nil)
            contents.drawers[owner] = drawer
            return drawer
        }
        try drawer.held.withLock { (held) throws(SystemError) in
            try Self.write(record, owner, folder)
            held = Held(record: record, generation: held.generation + 1)
        }
    }

    /// For a mailer that does not run: `folder` is its state, which is locked, by who owns it.
    package static func put(_ record: TokenRecord, for owner: TokenOwner, folder: String) throws(SystemError) {
        try write(record, owner, folder + "/tokens")
    }

    private static func write(_ record: TokenRecord, _ owner: TokenOwner, _ folder: String) throws(SystemError) {
        try Files.makeDirectories(folder, mode: 0o700)
        var bytes = record.encoded.withBytes { Array($0) }
        defer { Secret.wipe(&bytes) }
        try Files.write(bytes, to: "\(folder)/\(owner.fileName)", mode: 0o600)
    }

    private func read(_ owner: TokenOwner) -> TokenRecord? {
        let path = "\(folder)/\(owner.fileName)"
        do throws(SystemError) {
            guard try FileStatus.of(path) != nil else { return nil }
            var bytes = try Files.read(path, limit: 1 << 17)
            defer { Secret.wipe(&bytes) }
            if let record = TokenRecord(bytes) { return record }
            log.error("\(path) is no file of tokens: somebody has to sign in for \(owner.words) again")
        } catch { log.error("\(owner.words): \(error)") }
        return nil
    }
}
