// Stage 2 of an item: the decision, and the letter if there is to be one; committed together.

import Database
import Formats
import Intake
import Mail
import Platform
import Replies
import Settings
import Spool

/// Decides about items of one drop folder.
struct ReplyStage {
    let plan: ResponderPlan
    let folder: FolderPlan
    let store: ResponderStore

    /// Decides and commits. `claimed` is when the item was taken in.
    func decide(_ item: ClaimedItem, _ read: ReadItem, claimed: Timestamp, now: Timestamp) throws(DatabaseError) {
        if let failure = read.failure {
            try fail(item, failure, claimed: claimed, now: now)
            return
        }
        let finding = CandidateFinder(own: plan.own).find(read.facts)
        let traces = traces(read, finding.certain)
        let history = try history(item, read, traces, now)
        let decision = Decision(read.facts, finding, own: plan.own, history: history)
        var letter: Letter?
        var text: ReplyLetter?
        if let candidate = decision.candidate, !folder.settings.dryRun {
            let reply = replyLetter(candidate, read, claimed, now)
            text = reply
            switch compose(reply, now) {
            case .success(let made): letter = made
            case .failure(let fault):
                // Nothing that a person wrote is lost by a letter that cannot be made: a human looks.
                let held = Decision(
                    reasons: [Reason(18, .hold, "the letter cannot be made: \(fault)")], finding: finding)
                try commit(item, held, traces, nil, nil, claimed, now)
                return
            }
        }
        try commit(item, decision, traces, letter, text, claimed, now)
    }

    /// Commits that an item cannot be dealt with.
    func fail(_ item: ClaimedItem, _ reason: String, claimed: Timestamp, now: Timestamp) throws(DatabaseError) {
        _ = try store.decide(failed(item, reason, claimed, now))
    }

    private func commit(
        _ item: ClaimedItem, _ decision: Decision, _ traces: Traces, _ letter: Letter?, _ text: ReplyLetter?,
        _ claimed: Timestamp, _ now: Timestamp
    ) throws(DatabaseError) {
        let sidecar = Sidecar(
            item: item, folder: folder, decision: decision, letter: letter, claimed: claimed, decided: now)
        _ = try store.decide(
            DecidedItem(
                id: item.id, outcome: decision.outcome.rawValue, reasons: Sidecar.json(decision.reasons),
                sidecar: sidecar.json,
                traces: remembered(decision, traces, letter), letter: letter.map { ($0.id, LetterFile.encode($0)) },
                at: now))
    }

    private struct Traces {
        var answer: Trace?
        var message: Trace?
        var contents: [Trace]
    }

    private func traces(_ read: ReadItem, _ candidate: Candidate?) -> Traces {
        let position = folder.settings.position ?? ""
        return Traces(
            answer: candidate.map { Trace(kind: .answer, value: "\($0.address.key)\0\(position)") },
            message: read.facts.message?.messageID.map { Trace(kind: .message, value: $0) },
            contents: read.contents.map { Trace(kind: .content, value: "\($0)\0\(position)") })
    }

    private func history(
        _ item: ClaimedItem, _ read: ReadItem, _ traces: Traces, _ now: Timestamp
    ) throws(DatabaseError) -> ItemHistory {
        var history = ItemHistory()
        let since = folder.settings.oncePer.map { now - $0 }
        if let trace = traces.answer { history.answeredBefore = try store.knows(trace, besides: item.id, since: since) }
        if let trace = traces.message { history.sameMessageID = try store.knows(trace, besides: item.id) }
        for trace in traces.contents where try store.knows(trace, besides: item.id, since: since) {
            history.sameContent = true
        }
        let named = Set((read.facts.message?.inReplyTo ?? []) + (read.facts.message?.references ?? []).suffix(100))
        for id in named where try store.knows(Trace(kind: .letter, value: id), besides: item.id) {
            history.namesAnswerOfOurs = true
        }
        return history
    }

    /// A refused or failed item leaves nothing behind: dropped again, it is looked at again. A dry run reserves nothing.
    private func remembered(_ decision: Decision, _ traces: Traces, _ letter: Letter?) -> [Trace] {
        guard decision.outcome == .held || (decision.outcome == .done && letter != nil) else { return [] }
        var all = traces.contents + [traces.message].compactMap { $0 }
        if let letter {
            all += [traces.answer].compactMap { $0 }
            all.append(Trace(kind: .letter, value: letter.messageID))
        }
        return all
    }

    private func replyLetter(_ candidate: Candidate, _ read: ReadItem, _ claimed: Timestamp, _ now: Timestamp)
        -> ReplyLetter
    {
        let resume = read.facts.resumes.first
        return ReplyLetter(
            template: folder.template, candidate: candidate, message: read.facts.message, from: folder.alias.mailbox,
            replyTo: folder.alias.replyTo, position: folder.settings.position, mailerName: plan.mailerName,
            language: resume.flatMap { ResumeLanguage.guess($0.text) }, id: Randomness.identifier(), received: claimed,
            now: now,
            utcOffset: SystemClock.utcOffset(at: now))
    }

    private func compose(_ reply: ReplyLetter, _ now: Timestamp) -> Result<Letter, MailError> {
        do throws(MailError) {
            return .success(
                Letter(
                    id: reply.id, origin: "responder", alias: folder.alias.description, envelope: reply.envelope,
                    priority: .reply, created: now,
                    notBefore: folder.settings.hold > .zero ? now + folder.settings.hold : nil,
                    subject: reply.subject, messageID: reply.messageID,
                    message: try reply.draft.rendered()))
        } catch {
            return .failure(error)
        }
    }

    private func failed(_ item: ClaimedItem, _ reason: String, _ claimed: Timestamp, _ now: Timestamp) -> DecidedItem {
        let sidecar = Sidecar(item: item, folder: folder, failure: reason, claimed: claimed, decided: now)
        return DecidedItem(
            id: item.id, outcome: "failed", reasons: [["text": .string(Printable.text(reason, limit: 300))]],
            sidecar: sidecar.json, traces: [], letter: nil, at: now)
    }
}
