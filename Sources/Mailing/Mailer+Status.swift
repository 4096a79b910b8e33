// What the mailer says of itself: one object for `herald status`.

import Formats
import Glibc
import Platform
import Settings

extension Mailer {
    func status(at now: Timestamp) throws(QueueError) -> JSON {
        var counts: [DeliveryState: Int] = [:]
        for state in DeliveryState.allCases { counts[state] = queue.index.count(state) }
        let queued = try queue.oldestWaiting()
        let last = try queue.lastSentSummary()
        let troubles = try queue.troubles(limit: 20)
        return [
            "daemon": "herald-mailer", "version": .string(Product.version), "pid": .int(Int64(getpid())),
            "since": .string(started.rfc3339(fraction: 3)),
            "queue": .object(Self.states(counts)),
            "waits_since": JSON(queued?.rfc3339(fraction: 3)),
            "accounts": .array(book.accounts.map { account($0, at: now) }),
            "dane": JSON(self.troubles.noDANE),
            "destinations": .array(troubledLanes()),
            "last_sent": last.map {
                [
                    "id": .string($0.letter), "recipient": .string($0.recipient),
                    "redirected_to": JSON($0.redirectedTo), "subject": .string($0.subject),
                    "at": .string($0.changed.rfc3339(fraction: 3)), "reply": JSON($0.lastReply),
                ]
            } ?? .null,
            "redirect": redirect, "troubles": .array(troubles.map { $0.json() }), "sent_copies": try queue.copyFacts(),
            "problems": .array(
                (problems(counts) + tokens.problems(at: now) + (try copyProblems())).map { .string($0) }),
        ]
    }

    /// Where every letter goes instead; null when none does.
    private var redirect: JSON {
        let redirect = settings.smtp.redirect
        guard redirect.enabled else { return .null }
        return .string(redirect.holdsAll ? "nobody" : redirect.to.map(\.text).joined(separator: ", "))
    }

    /// The states as lists name them.
    private static func states(_ counts: [DeliveryState: Int]) -> [JSON.Member] {
        var members: [JSON.Member] = []
        for state in DeliveryState.allCases where state != .dotPending {
            let count = (counts[state] ?? 0) + (state == .sending ? counts[.dotPending] ?? 0 : 0)
            members.append(JSON.Member(state.name, JSON(count)))
        }
        return members
    }

    private func account(_ state: AccountState, at now: Timestamp) -> JSON {
        let settings = state.settings
        let isUntried = state.lastReplyAt == nil && !settings.isDirect
        let name =
            !settings.enabled ? "disabled" : state.isPaused ? "paused" : isUntried ? "not used yet" : "well"
        return [
            "name": .string(settings.name), "state": .string(name),
            "server": .string(settings.isDirect ? "direct" : "\(settings.server):\(settings.port)"),
            "security": .string(settings.security.rawValue),
            "connections": JSON(pool.busy(for: settings.name)), "fault": JSON(state.fault),
            "next_probe": JSON(state.isPaused ? state.probeAt?.rfc3339(fraction: 3) : nil),
            "last_reply": JSON(state.lastReply), "last_reply_at": JSON(state.lastReplyAt?.rfc3339(fraction: 3)),
            "oauth": tokens.facts(of: .account(settings.name)) ?? .null,
        ]
    }

    /// Destinations of direct delivery that are not well, the worst first.
    private func troubledLanes() -> [JSON] {
        let troubled = lanes.lanes.filter { $0.value.isDoubtful || $0.value.trouble != nil }
        let sorted = troubled.sorted {
            ($1.value.failures, $0.key.destination) < ($0.value.failures, $1.key.destination)
        }
        return sorted.prefix(20).map { lane, state in
            [
                "domain": .string(lane.destination), "account": .string(lane.account),
                "state": .string(state.isDoubtful ? "not reached" : "reached"),
                "next_attempt": JSON(state.openUntil?.rfc3339(fraction: 3)),
                "fault": JSON(state.words ?? state.trouble),
            ]
        }
    }

    /// What needs a person, in sentences.
    private func problems(_ counts: [DeliveryState: Int]) -> [String] {
        var problems = troubles.sentences + [intake.trouble].compactMap { $0 }
        let enabled = book.accounts.filter(\.settings.enabled)
        if enabled.isEmpty { problems.append("no account is enabled in smtp.accounts: letters wait") }
        for state in enabled {
            if let fault = state.fault { problems.append("account '\(state.settings.name)' is paused: \(fault)") }
        }
        for letters in stranded {
            func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
            problems.append(
                "\(counted(letters.count, "delivery waits", "deliveries wait")) for account "
                    + "\(list(letters.others.map(\.settings.name))), for \(list(letters.refusedBy)) has refused "
                    + (letters.count == 1 ? "it" : "them"))
        }
        if settings.smtp.redirect.holdsAll { problems.append(Self.holdsAll) }
        for (_, carrier, count, _) in queue.index.carriers {
            guard case .alias(let name?) = carrier, settings.alias(name) == nil else { continue }
            problems.append(
                "\(counted(count, "delivery waits", "deliveries wait")) under the alias "
                    + "'\(Printable.text(name, limit: 100))', which is not in 'aliases' any more")
        }
        let failed = counts[.failed] ?? 0
        if failed > 0 {
            problems.append(
                "\(counted(failed, "delivery has", "deliveries have")) failed: "
                    + "\(settings.command.line("queue list --state failed")) names \(failed == 1 ? "it" : "them"); then "
                    + "'queue retry ID' or 'queue remove ID'")
        }
        let held = queue.index.heldForPerson
        if held > 0 {
            problems.append(
                "\(counted(held, "delivery is", "deliveries are")) held until a person decides: "
                    + "\(settings.command.line("queue list --state held")) names \(held == 1 ? "it" : "them"); then "
                    + "'queue release ID' (what was uncertain may arrive twice) or 'queue retract ID'")
        }
        let stuck = intake.stuck.map { (path: $0.key.path, reason: $0.value) }
        for (path, reason) in stuck.sorted(by: { $0.path < $1.path }).prefix(5) {
            problems.append("\(Printable.text(path)) \(reason)")
        }
        if intake.rejectedCount > 0 {
            problems.append(
                "\(counted(intake.rejectedCount, "file was", "files were")) rejected, in \(intake.rejectedFolder), each "
                    + "with its reason beside it: delete \(intake.rejectedCount == 1 ? "it" : "them") when you have seen it"
            )
        }
        return problems
    }
}
