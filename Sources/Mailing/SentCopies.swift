// Filing copies of what was sent: a thread of its own, one copy at a time, started when there is the first one. It never
// touches the queue: what was done is told as an event.

import Authorization
import Formats
import Logging
import Platform
import SMTPProtocol
import SMTPTransport
import Settings

/// One copy to be filed.
struct SentCopyOrder: Sendable {
    var letter: String
    var alias: String
    var folder: Settings.SentFolder
    var messageID: String
    var message: [UInt8]
    /// An attempt before this one may have filed it.
    var mayBeThere: Bool
}

/// What the mailer's thread knows of copies.
final class SentCopies {
    /// A copy is on its way.
    var isBusy = false
    /// The table may say otherwise than `nextDue`.
    var mayHaveChanged = true
    /// When the next one is due; nil when none waits.
    var nextDue: Timestamp?
    private let events: EventQueue<MailerEvent>
    private let tokens: TokenKeeper
    private let log: Logger
    private var thread: (worker: Worker, orders: EventQueue<Order>)?

    fileprivate enum Order: Sendable {
        case file(SentCopyOrder)
        case leave
    }

    init(events: EventQueue<MailerEvent>, tokens: TokenKeeper, log: Logger) {
        (self.events, self.tokens, self.log) = (events, tokens, log)
    }

    func start(_ order: SentCopyOrder) throws(SystemError) {
        if thread == nil {
            let (orders, events, tokens) = (try EventQueue<Order>(), events, tokens)
            let worker = try Worker.start("sent copies") {
                var loop = FilingLoop(tokens: tokens, events: events)
                loop.run(orders)
            }
            thread = (worker, orders)
        }
        isBusy = true
        thread?.orders.post(.file(order))
    }

    /// One that is on its way is left to itself: the next start looks whether it arrived.
    func close() {
        guard let thread, !isBusy else { return }
        thread.orders.post(.leave)
        thread.worker.join()
        self.thread = nil
    }
}

/// What runs on the thread.
private struct FilingLoop {
    let tokens: TokenKeeper
    let events: EventQueue<MailerEvent>
    /// Folders as they stand on the wire, by what the settings say of them.
    var names: [String: [UInt8]] = [:]

    mutating func run(_ orders: EventQueue<SentCopies.Order>) {
        while true {
            _ = try? Poller.wait([(orders.descriptor.number, .readable)], timeout: nil)
            for order in orders.takeAll() {
                guard case .file(let copy) = order else { return }
                var fault: FilingFault?
                do throws(FilingFault) { try file(copy) } catch { fault = error }
                events.post(.filed(letter: copy.letter, fault))
            }
        }
    }

    private mutating func file(_ copy: SentCopyOrder) throws(FilingFault) {
        let login = try logIn(copy, refused: nil)
        do throws(FilingFault) {
            try file(copy, SentMailbox(copy.folder, login))
        } catch {
            guard error.isTokenRefused, case .token(_, let token) = login else { throw error }
            // As of row 57: a fresh one, once.
            try file(copy, SentMailbox(copy.folder, try logIn(copy, refused: token)))
        }
    }

    private func logIn(_ copy: SentCopyOrder, refused: Secret?) throws(FilingFault) -> Login {
        let folder = copy.folder
        do throws(SessionFault) {
            if folder.oauth != nil || folder.tokenAccount != nil {
                let owner = folder.tokenAccount.map { TokenOwner.account($0) } ?? .sentFolder(alias: copy.alias)
                let (name, token) = try tokens.token(for: owner, refused: refused)
                return .token(name: folder.login ?? name, token)
            }
            let owner = TokenOwner.sentFolder(alias: copy.alias).words
            return .password(name: folder.login ?? "", try Passwords.read(folder.password, of: owner))
        } catch {
            throw FilingFault(words: "\(error)")
        }
    }

    private mutating func file(_ copy: SentCopyOrder, _ mailbox: SentMailbox) throws(FilingFault) {
        let key = "\(copy.alias) \(mailbox.server) \(mailbox.login.name ?? "") \(mailbox.folder ?? "")"
        do throws(FilingFault) {
            let name: [UInt8]
            if let known = names[key] { name = known } else { name = try mailbox.findFolder() }
            names[key] = name
            if copy.mayBeThere, try mailbox.has(copy.messageID, in: name) { return }
            try mailbox.append(copy.message, to: name)
        } catch {
            // The server may have another folder for it now.
            names[key] = nil
            throw error
        }
    }
}

extension SentMailbox {
    init(_ folder: Settings.SentFolder, _ login: Login) {
        self.init(
            server: ServerAddress(host: folder.server, port: folder.port), isTLS: folder.security == .tls, login: login)
        mechanism =
            switch folder.authentication {
            case .auto: nil
            case .plain: "PLAIN"
            case .login: "LOGIN"
            case .cramMD5: "CRAM-MD5"
            case .xoauth2: "XOAUTH2"
            case .oauthbearer: "OAUTHBEARER"
            }
        caFile = folder.caFile
        self.folder = folder.folder
    }
}
