// Second and third stage: a batch through the matcher, its hits into the incident book, with samples where one is wanted.

import Formats
import Glibc
import Incidents
import LogSources
import Records
import RuleMatching
import Rules

extension Watcher {
    /// Joins all hits of a batch.
    func observe(_ batch: RecordBatch, at now: Timestamp) {
        for (incident, sample, lines) in context.continuations(in: batch) {
            book.addContext(lines, toSampleAt: sample.time, text: sample.text, of: incident)
        }
        let matches = matcher.matches(in: batch)
        var last: [Int64: Matches.Found] = [:]
        var recoveries = matches.recoveries[...]
        for found in matches.hits where !isOwnLine(found.hit.record) {
            // In the order of the log: a recovery ends what was before it, not what comes after.
            while let recovery = recoveries.first, recovery.index < found.index {
                recover(recoveries.removeFirst(), at: now)
            }
            let (id, sampled) = join(found, in: batch, at: now)
            last[id] = sampled ? nil : found
        }
        for recovery in recoveries { recover(recovery, at: now) }
        // Of many hits of one incident in a batch the last is shown too, and only that one costs a sample.
        for (id, found) in last.sorted(by: { $0.key < $1.key }) {
            book.replaceLastSample(sample(of: found, in: batch, for: id, at: now), of: id)
        }
        for notice in matches.notices where isInForce("herald-pattern-limit") {
            join(OwnNotice.occurrence(of: notice, localHost: host, at: now), at: now)
        }
        context.keepTail(of: batch)
    }

    private func join(_ found: Matches.Found, in batch: RecordBatch, at now: Timestamp) -> (id: Int64, sampled: Bool) {
        var occurrence = Occurrence(found.hit, localHost: host, serial: book.nextSerial, at: now)
        guard book.wantsSample(occurrence.fingerprint) else { return (book.join(occurrence, at: now), false) }
        let around = context.around(found.index, of: found.hit.record, in: batch)
        let sample = Sample(
            time: occurrence.time, origin: occurrence.origin, text: Sample.line(text(of: found.hit.record)),
            before: around.before, after: around.after)
        occurrence.sample = sample
        if book.isNew(occurrence.fingerprint) { occurrence.explanation = explanation(of: found.hit.record) }
        let id = book.join(occurrence, at: now)
        context.await(sample, of: id, record: found.hit.record)
        return (id, true)
    }

    private func sample(of found: Matches.Found, in batch: RecordBatch, for id: Int64, at now: Timestamp) -> Sample {
        let record = found.hit.record
        let around = context.around(found.index, of: record, in: batch)
        let sample = Sample(
            time: record.time ?? now, origin: Origin(record, localHost: host), text: Sample.line(text(of: record)),
            before: around.before, after: around.after)
        context.await(sample, of: id, record: record)
        return sample
    }

    /// What the journal's catalog says of it. Its places are filled with fields that anyone may have written.
    private func explanation(of record: Record) -> String? {
        JournalCatalog.explanation(of: record).map { text in
            String(decoding: SecretMask.masked(Array(text.utf8)), as: UTF8.self)
        }
    }

    /// A file's line whole, with its header; of the journal the message.
    private func text(of record: Record) -> [UInt8] { record.source.isJournal ? record.message : record.raw }

    private func recover(_ recovery: Matches.Recovery, at now: Timestamp) {
        book.recover(
            RecoverySign(
                ruleID: recovery.rule.id, record: recovery.record, captures: recovery.captures, localHost: host, at: now
            ),
            at: now)
    }

    func take(_ notice: SourceNotice, at now: Timestamp) {
        switch notice.kind {
        case .readable: log.notice("\(notice.text)")
        default: log.warning("\(notice.text)")
        }
        guard let occurrence = OwnNotice.occurrence(of: notice, localHost: host, at: now),
            isInForce(occurrence.rule.id)
        else { return }
        join(occurrence, at: now)
    }

    func join(_ occurrence: Occurrence, at now: Timestamp) { book.join(occurrence, at: now) }

    private func isInForce(_ rule: String) -> Bool { !settings.watch.disabledRules.contains(rule) }

    /// A line of our own daemons is never an incident: a fault of the mailer would be told by a letter that cannot go.
    /// In the journal anyone may call himself herald-mailer, so there the unit or the user must be ours too.
    private func isOwnLine(_ record: Record) -> Bool {
        guard let identifier = record.identifier, Self.programs.contains(identifier) else { return false }
        guard record.source.isJournal else { return true }
        return record.uid == 0 || record.uid == geteuid() || record.unit == identifier + ".service"
    }

    private static let programs: Set<String> = [
        "herald-watcher", "herald-mailer", "herald-responder", "herald-extract",
    ]
}
