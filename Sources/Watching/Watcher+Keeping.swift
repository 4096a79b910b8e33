// From what is due to letters, and the one commit of a round: letters, incidents and checkpoints together. Behind it, what is
// durable is handed over, and what is old is forgotten.

import Formats
import Incidents
import LogSources
import Mail
import Platform
import Spool

extension Watcher {
    /// The letters of what is due, on their way to the same commit.
    func write(_ reports: [Report], at time: SourceTime) {
        if reports.isEmpty { return }
        let mailroom = Mailroom(settings: settings, host: host, mailName: HostNames.mail())
        for report in reports {
            var letters: [Int64: String] = [:]
            var messageIDs: [Int64: [String]] = [:]
            var trouble: String?
            do throws(MailError) {
                let mailings = try mailroom.mailings(
                    of: report, at: time.wall, utcOffset: SystemClock.utcOffset(at: time.wall),
                    identifier: Randomness.identifier)
                for mailing in mailings {
                    if let fault = Self.fault(in: mailing.letter) {
                        trouble = "it cannot be handed over: \(fault)"
                        continue
                    }
                    let ids = mailing.report.entries.map(\.incident.id)
                    for id in ids {
                        letters[id] = mailing.letter.id
                        messageIDs[id, default: []].append(mailing.letter.messageID)
                    }
                    // The outbox and the mailer keep to the order of these times.
                    var letter = mailing.letter
                    letter.created = time.wall + .microseconds(Int64(pending.letters.count))
                    pending.letters.append(letter)
                }
            } catch {
                trouble = "it cannot be made a letter of: \(error)"
            }
            book.tellMessageIDs(messageIDs)
            if let trouble { log.critical("a report was not sent: \(trouble)") }
            pending.reports += (report.entries + report.quieted).map { entry in
                TellingRow(
                    time: report.time, incident: entry.incident.id, kind: entry.kind, newHits: entry.newHits,
                    letter: letters[entry.incident.id] ?? letters.values.first, fault: trouble)
            }
        }
    }

    /// Why the mailer would not take the letter; nil when it will. Known now, it is said now, and nothing waits in the
    /// outbox for ever.
    static func fault(in letter: Letter) -> LetterFileError? {
        do throws(LetterFileError) {
            _ = try LetterFile.decode(LetterFile.encode(letter))
            return nil
        } catch {
            return error
        }
    }

    /// In a storm every round changes many incidents, and a commit writes each of them whole. While more waits to be read
    /// and nobody waits for a letter, commits take a twentieth of the time at most; a crash reads a second of the log again.
    func mayCommitLater(at time: SourceTime) -> Bool {
        guard let commitPause, time.monotonic < commitPause else { return false }
        return !pending.isUrgent && commitRetryAt == nil && !sources.isIdle
    }

    /// Commits what changed: at once where there is a hit or a letter, checkpoints alone every 30 s and at the end.
    func keep(at time: SourceTime, evenCheckpointsAlone: Bool) {
        let start = clock().monotonic
        showLastHits()
        let changes = book.changes
        let hasCheckpoints = pending.hasCheckpoints || !joining.changed.isEmpty
        let isUrgent = pending.isUrgent || !changes.isEmpty
        if !isUrgent, !(evenCheckpointsAlone && hasCheckpoints) {
            if hasCheckpoints, checkpointDue == nil { checkpointDue = time.monotonic + .seconds(30) }
            return
        }
        pending.held = joining.changes
        do {
            book.noteCounts()
            try store.commit(pending, book.changes, at: time.wall)
            let end = clock().monotonic
            commitPause = end + min((end - start) * 19, .seconds(1))
            if !pending.letters.isEmpty { outbox.wake(at: time.monotonic) }
            pending = RoundChanges()
            joining.changesKept()
            book.changesKept()
            if storeFault != nil { log.notice("the state can be written again; reading goes on") }
            (checkpointDue, commitRetryAt, storeFault, commitWait) = (nil, nil, nil, .seconds(1))
            (standstill, stored) = (nil, Standstill.Counts(book.run))
        } catch {
            if storeFault == nil {
                log.critical("the state cannot be written, so reading stops until it can: \(error)")
            }
            storeFault = "the state cannot be written: \(error)"
            standstill = Standstill(
                since: standstill?.since ?? time.wall, waiting: Standstill.Counts(book.run) - stored)
            commitRetryAt = time.monotonic + commitWait
            commitWait = min(commitWait * 2, .seconds(30))
        }
    }

    func handOver(at time: SourceTime) {
        lettersHandedOver += outbox.handOver(store, at: (time.monotonic, time.wall), log)
    }

    func prune(at time: SourceTime) {
        guard time.monotonic >= pruneDue else { return }
        pruneDue = time.monotonic + .seconds(3600)
        do {
            if try store.prune(at: time.wall) { pruneDue = time.monotonic }
        } catch {
            log.warning("old history is not forgotten yet: \(error)")
        }
    }
}
