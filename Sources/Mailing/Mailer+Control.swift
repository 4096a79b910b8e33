// The control socket: what the mailer answers, and to whom.

import Control
import Formats
import Logging
import Mail
import Platform
import Settings

extension Mailer {
    /// One request, inside the round's transaction; its answer goes out after the commit.
    func respond(to call: ControlCall, at now: Timestamp, _ effects: inout Effects) throws(QueueError)
        -> ControlResponse
    {
        let request = call.request
        if request.command == "token-put" { return putToken(request, at: now) }
        // Addresses and subjects are nobody else's business.
        guard request.command == "send" || call.user.isPrivileged else {
            return .failure("only root and the group herald may ask the mailer for this", .denied)
        }
        do throws(QueueError) {
            switch request.command {
            case "status": return .success(try status(at: now))
            case "send": return try send(request, from: call.user, at: now, &effects)
            case "queue-list": return try list(request, at: now)
            case "queue-show": return try show(request, at: now)
            default: return try change(request, at: now, &effects)
            }
        } catch {
            if case .database = error { throw error }
            return .failure("\(error)")
        }
    }

    /// A page of the list: its rows in the body, one JSON object a line, so that no line grows with the queue.
    private func list(_ request: ControlRequest, at now: Timestamp) throws(QueueError) -> ControlResponse {
        var states: [DeliveryState] = []
        for name in (request.arguments["states"]?.array ?? []).map({ $0.string ?? "" }) {
            guard let named = DeliveryState.named(name) else {
                return .failure("'\(Printable.text(name, limit: 40))' is no state of a delivery")
            }
            states += named
        }
        let wanted = request.arguments["limit"]?.int ?? .max
        let limit = max(1, Int(min(wanted, Int64(QueuePage.rowsPerPage))))
        let after = QueueCursor(request.arguments["after"])
        var page: QueuePage
        if let letter = request.arguments["letter"]?.string {
            page = try queue.page(letter: letter, after: after, limit: limit)
        } else {
            page = try queue.page(after: after, states: states, limit: limit)
        }
        let lines = page.lines(obstacles(at: now))
        return .success(["count": JSON(page.rows.count), "next": page.next?.json ?? .null], body: lines)
    }

    /// The letter's first deliveries stand in the answer's line, which has a limit; `queue-list` with the letter's id has
    /// those that follow on `next`.
    private func show(_ request: ControlRequest, at now: Timestamp) throws(QueueError) -> ControlResponse {
        let id = request.arguments["id"]?.string ?? ""
        guard let particulars = try queue.particulars(of: id).members else { throw .unknown(id) }
        var page = try queue.page(letter: id, limit: Self.shownDeliveries)
        let rows = page.shown(bytes: Self.shownBytes, obstacles(at: now))
        let members = [JSON.Member("deliveries", .array(rows)), JSON.Member("next", page.next?.json ?? .null)]
        return .success(.object(particulars + members), body: try queue.message(of: id) ?? [])
    }

    /// What a delivery waits for whose time has come; nil where that is no more than its turn.
    private func obstacles(at now: Timestamp) -> (DeliverySummary) -> String? {
        // A page of a thousand has few aliases.
        var known: [Carrier: Result<String, Obstacle>] = [:]
        return { [self] row in
            guard row.state == .queued || row.state == .uncertain, (row.nextAttempt ?? now) <= now else { return nil }
            if settings.smtp.redirect.holdsAll { return "an address in smtp.redirect.to" }
            if row.state == .uncertain, let name = row.account {
                let isPaused = book[name]?.isPaused == true
                return isPaused ? "account '\(name)', which is paused" : lane(row, name, at: now)
            }
            let carrier = Carrier.handedOn(alias: row.alias, refusedBy: row.refusedBy)
            let found = known[carrier] ?? obstacle(row)
            known[carrier] = found
            switch found {
            case .success(let account): return lane(row, account, at: now)
            case .failure(let obstacle): return obstacle.words
            }
        }
    }

    private struct Obstacle: Error {
        var words: String
    }

    /// The account that would carry it now; the accounts that it may leave through, where none of them works.
    private func obstacle(_ row: DeliverySummary) -> Result<String, Obstacle> {
        let alias = settings.alias(row.alias)
        if let account = book.serving(alias, but: row.refusedBy) { return .success(account.settings.name) }
        let others = book.others(alias, but: row.refusedBy)
        let (accounts, refusing) = others.isEmpty ? (book.allowed(alias), []) : (others, row.refusedBy)
        func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
        if accounts.isEmpty { return .failure(Obstacle(words: "an account that it may leave through")) }
        let names = list(accounts.map(\.settings.name))
        let words = accounts.count == 1 ? "account \(names), which is paused" : "accounts \(names), which are paused"
        return .failure(Obstacle(words: words + (refusing.isEmpty ? "" : "; refused by \(list(refusing))")))
    }

    /// The destination, where an account delivers directly and no host of it is reached.
    private func lane(_ row: DeliverySummary, _ account: String, at now: Timestamp) -> String? {
        guard book[account]?.settings.isDirect == true else { return nil }
        let destination = QueueIndex.destination(of: row.recipient)
        let state = lanes[Lane(account: account, destination: destination)]
        guard state.isDoubtful else { return nil }
        let next = state.openUntil.flatMap { $0 > now ? $0 : nil }
        let time = next.map { "; next try \($0.plain(utcOffset: SystemClock.utcOffset(at: $0)))" } ?? ""
        return "\(Printable.text(destination, limit: 100)), which is not reached\(time)"
    }

    private static let shownDeliveries = 100
    private static let shownBytes = 1 << 19

    private func change(
        _ request: ControlRequest, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) -> ControlResponse {
        guard request.command.hasPrefix("queue-"),
            let change = QueueChange(rawValue: String(request.command.dropFirst(6)))
        else { return .failure("the mailer knows no '\(Printable.text(request.command, limit: 40))'") }
        let id = request.arguments["id"]?.string ?? ""
        if change != .release, change != .retry {
            // What a thread has not begun can still be had.
            try takeBack(pool.withdraw(id), at: now)
        }
        let count = try queue.change(id, change, at: now)
        if count == 0 {
            let keep = settings.smtp.keep
            return .failure(try queue.refusal(of: change, id, keep: keep) { SystemClock.utcOffset(at: $0) })
        }
        if change == .retry {
            book.probeAll(at: now)
            for lane in lanes.tryAll() { queue.index.wake(lane.destination) }
        }
        effects.says.append(
            (
                .notice,
                "\(id): \(change.rawValue) of \(counted(count, "delivery", "deliveries")) by uid \(request.peer.uid)"
            ))
        return .success(["id": .string(id), "deliveries": JSON(count)])
    }

    private func send(
        _ request: ControlRequest, from user: LocalUser, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) -> ControlResponse {
        let letter: Letter
        do throws(SubmissionError) {
            letter = try self.letter(request, from: user, at: now)
        } catch {
            return .failure(error.description, error.kind)
        }
        guard try queue.takeIn(letter, at: now) == .taken else {
            return .failure("the id is taken; send again", .later)
        }
        effects.submitted = max(effects.submitted, request.body.count)
        let size =
            "\(counted(letter.message.count, "byte")) for \(counted(letter.envelope.recipients.count, "recipient"))"
        effects.says.append(
            (.info, "\(letter.id): submitted by uid \(user.uid), \(size), under '\(letter.alias ?? "")'"))
        return .success(["id": .string(letter.id)])
    }

    private func letter(
        _ request: ControlRequest, from user: LocalUser, at now: Timestamp
    ) throws(SubmissionError) -> Letter {
        guard request.body.count <= SubmissionRates.maximumSize else {
            throw SubmissionError(SubmissionRates.tooLarge)
        }
        if !user.isPrivileged, !rates.take(user.uid, at: SystemClock.monotonic()) {
            throw SubmissionError(SubmissionRates.tooMany, .later)
        }
        let circumstances = Submission.Circumstances(
            id: Randomness.identifier(), host: HostNames.mail(), now: now, utcOffset: SystemClock.utcOffset(at: now))
        return try Submission(request).letter(from: user, settings, circumstances)
    }
}

extension Mailer {
    func tellRedirect() {
        let redirect = settings.smtp.redirect
        guard redirect.enabled else { return }
        let list = redirect.to.map(\.text).joined(separator: ", ")
        log.warning("\(redirect.holdsAll ? Self.holdsAll : "smtp.redirect is on: every letter goes to \(list)")")
    }

    static let holdsAll = "all letters are held: smtp.redirect is on, and no address in its 'to' is enabled"

    /// SIGHUP: new settings where they are valid, else the old ones go on.
    func reloadSettings() {
        ServiceManager.reloading()
        defer { ServiceManager.ready() }
        let (new, diagnostics) = reload()
        for fault in diagnostics {
            log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
        }
        guard let new else {
            let words = ReloadWords.kept(because: "the settings are not valid (herald check names the faults)")
            troubles.reload = words
            return log.error("\(words)")
        }
        troubles.reload = new.paths == settings.paths ? nil : ReloadWords.needsRestart
        if let words = troubles.reload { log.warning("\(words)") }
        let paths = settings.paths
        former.note(settings, at: SystemClock.monotonic())
        settings = new
        settings.paths = paths
        retry = Retry(new.smtp.retry)
        tokens.update(new)
        let stamps = AccountStamp.stamps(new.smtp.accounts, folder: settings.paths.state("mailer"))
        book.reload(new.smtp.accounts, stamps: stamps, at: SystemClock.now())
        lanes.keep(Set(new.smtp.accounts.map(\.name)))
        takeBack()
        pool.retire(accounts: new.smtp.accounts)
        tellDestinations()
        agenda.survey = .zero
        (mayHaveLetters, stallsMayHaveChanged) = (true, true)
        log.notice("\(ReloadWords.done)")
        tellRedirect()
    }

    /// The index anew, where other letters may go straight to their destinations than before. Who has refused a letter may
    /// take it now; where that cannot be written, it is tried again.
    func tellDestinations() {
        let rule = DestinationRule(settings, book)
        var isChanged = rule != destinations
        queue.index.wakeAll()
        do throws(QueueError) {
            isChanged = try queue.forgetRefusals() > 0 || isChanged
            keepsRefusals = false
        } catch {
            if !keepsRefusals { log.critical("\(error)") }
            keepsRefusals = true
        }
        guard isChanged else { return }
        do throws(QueueError) {
            try queue.loadIndex(at: SystemClock.now(), tellsDestinations: rule.tells)
            destinations = rule
        } catch {
            log.critical("\(error)")
        }
    }

    /// The account for whose sake the name server is looked at now, once an hour: status is to say whether DANE can be had.
    func surveyor() -> Settings.Account? {
        let time = SystemClock.monotonic()
        let account = settings.smtp.accounts.first { $0.isDirect && $0.enabled }
        if account == nil { troubles.noDANE = nil }
        guard let account, !options.untilIdle, time >= agenda.survey else { return nil }
        agenda.survey = time + .seconds(3600)
        return account
    }
}
