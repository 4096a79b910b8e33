// What delivery threads report becomes steps of the queue, and what is known of accounts and destinations.

import Formats
import Logging
import Platform
import SMTPProtocol
import Settings

extension Mailer {
    func record(_ report: DeliveryReport, at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        let accountFault = report.fault.flatMap { $0.isAccountFault ? $0 : nil }
        for one in report.decided { try record(one, of: report, accountFault, at: now, &effects) }
        try giveBack(report.unbegun, nil, at: now)
        guard report.destination.isEmpty else { return try recordLane(report, at: now, &effects) }
        if report.fault != nil || report.unbegun.isEmpty || !report.decided.isEmpty {
            try recordEnd(report, at: now, &effects)
        }
    }

    /// - Parameter fault: the account's, with which the session ended: what was put off then is no fault of the
    ///   letter, and counts neither against it nor for the account.
    func record(
        _ one: Decided, of report: DeliveryReport, _ fault: SessionFault? = nil, at now: Timestamp,
        _ effects: inout Effects
    ) throws(QueueError) {
        let (words, account, lane) = (one.outcome.words, report.account.name, report.lane)
        let chance = jitter()
        if fault == nil, one.outcome.reaction != .uncertain { accountWorks(report, reply: words, at: now, &effects) }
        _ = try legal { () throws(QueueError) in
            if !one.left.isEmpty { try queue.leave(one.delivery, to: one.left) }
            switch one.outcome {
            case .delivered:
                let label = try queue.sent(one.delivery, words: words, at: now)
                try noteCopy(one.delivery, account, at: now)
                if !lane.destination.isEmpty { lanes.took(lane, most: connections(of: account), at: now) }
                effects.says.append((.info, "\(label): sent through '\(account)': \(words)"))
            case .permanent where try handOn(one, report, at: now, &effects): break
            case .permanent:
                let label = try queue.failed(one.delivery, words: words, at: now)
                let level = try levelOfFailure(one.delivery)
                effects.says.append((level, "\(label): refused by '\(account)' for good: \(words)"))
            case .transient where fault != nil:
                try queue.giveBack(one.delivery, words: words, at: now)
            case .transient:
                effects.says.append(try putOff(one.delivery, account, words, at: now))
                slowDown(lane, one.outcome.code, at: now)
            case .uncertain:
                let hold = settings.smtp.uncertain == .hold
                let (label, isHeld) = try queue.uncertain(
                    one.delivery, words: words, at: now, hold: hold, retry: retry, jitter: chance)
                putOff.insert(one.delivery)
                let rest = isHeld ? "held" : "to be sent once more"
                effects.says.append((.warning, "\(label): uncertain, \(rest): \(words)"))
            }
        }
    }

    private func connections(of account: String) -> Int { book[account]?.settings.maxConnections ?? 1 }

    /// Row 88, where the code is one of those that ask for it.
    private func slowDown(_ lane: Lane, _ code: Int?, at now: Timestamp) {
        guard let code, [421, 432, 451].contains(code) else { return }
        if lane.destination.isEmpty {
            book.slowedDown(lane.account, code, floor: retry.slower, at: now)
        } else {
            lanes.slowedDown(lane, code, first: retry.slower, at: now)
        }
    }

    /// Deliveries that were claimed and not begun, or whose account failed.
    func giveBack(_ deliveries: [Int64], _ words: String?, at now: Timestamp) throws(QueueError) {
        for delivery in deliveries {
            _ = try legal { () throws(QueueError) in try queue.giveBack(delivery, words: words, at: now) }
        }
    }

    private func putOff(
        _ delivery: Int64, _ account: String, _ words: String, at now: Timestamp
    ) throws(QueueError) -> (level: Logger.Level, text: String) {
        putOff.insert(delivery)
        let done = try queue.putOff(delivery, words: words, at: now, retry: retry, jitter: jitter())
        if done.isGivenUp {
            return (try levelOfFailure(delivery), "\(done.label): given up: \(words)")
        }
        let level = done.isFirst ? Logger.Level.notice : .debug
        return (level, "\(done.label): put off by '\(account)', tried again later: \(words)")
    }

    /// A thread is done; the fault, if any, says what becomes of what it did not decide.
    private func recordEnd(_ report: DeliveryReport, at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        let account = report.account.name
        guard let fault = report.fault else { return accountWorks(report, reply: nil, at: now, &effects) }
        let isProbe = report.isProbe && book[account]?.isProbing == true
        if fault.isAccountFault || fault.isConnectionFault || isProbe {
            accountFails(report, fault, at: now, &effects)
            return try giveBack(report.undecided, fault.words, at: now)
        }
        slowDown(report.lane, fault.code, at: now)
        for delivery in report.undecided {
            _ = try legal { () throws(QueueError) in
                if fault.isTransient {
                    effects.says.append(try putOff(delivery, account, fault.words, at: now))
                } else {
                    let label = try queue.failed(delivery, words: fault.words, at: now)
                    effects.says.append((try levelOfFailure(delivery), "\(label): failed: \(fault)"))
                }
            }
        }
    }

    /// Whether the account is what it was when the thread began: what is learned of another server, or of the hosts that
    /// an account went to by itself before, says nothing of it.
    private func isCurrent(_ report: DeliveryReport) -> Bool { book[report.account.name]?.settings == report.account }

    private func accountWorks(_ report: DeliveryReport, reply: String?, at now: Timestamp, _ effects: inout Effects) {
        let account = report.account.name
        guard isCurrent(report) else { return }
        guard book.succeeded(account, reply: reply, session: report.session, at: now) else { return }
        noticeChange()
        effects.says.append((.notice, "account '\(account)' works again"))
    }

    /// Another account may serve an alias from now on.
    private func noticeChange() {
        stallsMayHaveChanged = true
        queue.index.wakeAll()
    }

    private func accountFails(
        _ report: DeliveryReport, _ fault: SessionFault, at now: Timestamp, _ effects: inout Effects
    ) {
        let account = report.account.name
        guard isCurrent(report) else { return }
        // A server that serves one connection and turns the second away ("too many connections") works.
        if let code = fault.code, !fault.isAccountFault, pool.busy(for: account) > 0 {
            return book.slowedDown(account, code, floor: retry.slower, at: now)
        }
        let isNews = book.failed(
            account, words: "\(fault)", needsPerson: fault.isAccountFault, isProbe: report.isProbe, at: now,
            SystemClock.monotonic(), retry: retry, jitter: jitter())
        noticeChange()
        guard isNews else { return }
        let others = book.accounts.contains { $0.settings.enabled && !$0.isPaused }
        let rest = others ? "" : "; no other account is left: letters wait"
        effects.says.append(
            (fault.isAccountFault ? .critical : .error, "account '\(account)' is paused: \(fault)\(rest)"))
    }
}

// Destinations of an account that delivers directly.
extension Mailer {
    /// No fault of a destination's pauses the account.
    private func recordLane(_ report: DeliveryReport, at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        let lane = report.lane
        // Only a bug of ours leaves something undecided there.
        try giveBack(report.undecided, report.fault?.words, at: now)
        for other in lanes.ended(lane) { queue.index.wake(other.destination) }
        if let trouble = report.trouble, trouble != lanes[lane].trouble {
            effects.says.append((.warning, "\(lane.destination): \(trouble)"))
        }
        if let words = report.unreached {
            if lanes.failed(lane, words: words, trouble: report.trouble, at: now, jitter: jitter()) {
                let rest = "letters for it wait, others go on"
                effects.says.append((.warning, "no host of \(lane.destination) is reached: \(words); \(rest)"))
            }
            try giveUpExhausted(lane, words, at: now, &effects)
        } else if report.isReached || !report.decided.isEmpty {
            if lanes.reached(lane, trouble: report.trouble, at: now) {
                effects.says.append((.notice, "\(lane.destination) is reached again"))
            }
        }
    }

    private static let givenUpAtOnce = 500

    /// What waits behind an open breaker has no attempts of its own at which it could be given up.
    private func giveUpExhausted(
        _ lane: Lane, _ words: String, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        for delivery in queue.index.waiting(for: lane.destination).prefix(Self.givenUpAtOnce) {
            let row = try queue.row(of: delivery)
            let account = book.serving(settings.alias(row.alias))?.settings.name
            guard row.uncertain > 0 || account == lane.account else { continue }
            guard queue.isExhausted(row, at: now, retry) else { break }
            _ = try legal { () throws(QueueError) in
                let end = "given up after \(retry.giveUpAfter.phrase); last: \(words)"
                let label = try queue.failed(delivery, words: end, at: now)
                effects.says.append((try levelOfFailure(delivery), "\(label): \(end)"))
            }
        }
    }
}

extension DeliveryReport {
    var lane: Lane { Lane(account: account.name, destination: destination) }
}
