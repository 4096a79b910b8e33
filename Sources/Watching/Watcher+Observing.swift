// Second and third stage: a batch through the matcher, its hits into the incident book, with samples where one is wanted.

import Formats
import Glibc
import Incidents
import LogSources
import Platform
import Records
import RuleMatching
import Rules

extension Watcher {
    /// Joins all hits of a batch. Most of a storm's are counted where they stand; what is new or wanted as a sample is built.
    /// - Parameter isAgeTrusted: as the source says (`SourceDelivery`).
    func observe(_ batch: RecordBatch, isAgeTrusted: Bool = false, at now: Timestamp) {
        for (incident, sample, lines) in context.continuations(in: batch) {
            book.addContext(lines, toSampleAt: sample.time, text: sample.text, of: incident)
        }
        lastHits.readOn(batch.source)
        let view = BatchView(batch, matchers)
        book.noteRecords(batch.ranges.count)
        for mark in view.marks.signsOfLife {
            let sign = SignOfLife(view.hit(mark), localHost: host, at: now)
            if !book.note(sign, at: now), isInForce(OwnNotice.expectLimit) {
                join(OwnNotice.notExpected(sign, of: view.rule(mark), at: now), at: now)
            }
        }
        counter.begin(book, isAgeTrusted: isAgeTrusted, at: now)
        var recoveries = view.marks.recoveries[...]
        var signs = RecoverySigns()
        for mark in view.marks.hits where !isOwnLine(mark, view) {
            // In the order of the log: a recovery ends what was before it, not what comes after.
            while let recovery = recoveries.first, recovery.index < mark.index {
                recover(recoveries.removeFirst(), view, &signs, at: now)
            }
            if counter.count(mark, view, &book) == .toBuild { join(mark, view, isAgeTrusted: isAgeTrusted, at: now) }
        }
        for recovery in recoveries { recover(recovery, view, &signs, at: now) }
        counter.flush(into: &book)
        for notice in view.marks.notices where isInForce(OwnNotice.patternLimit) {
            var occurrence = OwnNotice.occurrence(of: notice, localHost: host, at: now)
            occurrence.isAgeTrusted = isAgeTrusted
            join(occurrence, at: now)
        }
        lastHits.note(counter.takeLast(), in: batch, &context, at: now)
        context.keepTail(of: batch)
    }

    /// A hit that is built: it opens its incident, or stands in a letter as a sample.
    private func join(_ mark: Marks.Mark, _ view: BatchView, isAgeTrusted: Bool, at now: Timestamp) {
        let hit = view.hit(mark)
        var occurrence = Occurrence(hit, localHost: host, serial: book.nextSerial, at: now)
        occurrence.isAgeTrusted = isAgeTrusted
        let around = context.around(mark.index, in: view.batch, after: context.tail(of: view.batch.source))
        let sample = Sample(
            time: occurrence.time, origin: occurrence.origin, text: Sample.line(hit.record.shownText),
            before: around.shownBefore, after: around.shownAfter)
        occurrence.sample = sample
        if book.isNew(occurrence.fingerprint) { occurrence.explanation = explanation(of: hit.record) }
        let id = book.join(occurrence, at: now)
        context.await(sample, of: id, in: view.batch.source, key: around.key)
        counter.wasBuilt(for: id)
        lastHits.forget(id)
    }

    /// Of many hits of one incident the last is shown too, and only that one costs a sample.
    func showLastHits() {
        for (incident, last, isReadOn) in lastHits.take(&context) {
            let sample = Sample(
                time: Occurrence.plausible(last.record.time, last.time), origin: Origin(last.record, localHost: host),
                text: last.shownText, before: last.around.shownBefore, after: last.around.shownAfter)
            book.replaceLastSample(sample, of: incident)
            if !isReadOn { context.await(sample, of: incident, in: last.record.source, key: last.around.key) }
        }
    }

    /// What the journal's catalog says of it. Its places are filled with fields that anyone may have written.
    private func explanation(of record: Record) -> String? {
        JournalCatalog.explanation(of: record).map { text in
            String(decoding: SecretMask.masked(Array(text.utf8)), as: UTF8.self)
        }
    }

    private func recover(_ mark: Marks.Mark, _ view: BatchView, _ signs: inout RecoverySigns, at now: Timestamp) {
        // What was counted may have begun an incident again that was over.
        guard counter.isCounting(mark.rule) || book.awaitsRecovery(of: view.rule(mark).id) else { return }
        counter.flush(into: &book)
        book.recover(signs.sign(of: mark, view, localHost: host, at: now), at: now)
    }

    func take(_ notice: SourceNotice, at now: Timestamp) {
        switch notice.kind {
        case .readable: log.notice("\(notice.text)")
        case .remark: log.warning("\(notice.text)")
        default: log.warning("\(notice.text)")
        }
        guard let occurrence = OwnNotice.occurrence(of: notice, localHost: host, at: now),
            isInForce(occurrence.rule.id)
        else { return }
        join(occurrence, at: now)
    }

    func join(_ occurrence: Occurrence, at now: Timestamp) { book.join(occurrence, at: now) }

    func isInForce(_ rule: String) -> Bool { !settings.watch.disabledRules.contains(rule) }

    /// A line of our own daemons is never an incident: a fault of the mailer would be told by a letter that cannot go.
    /// Anyone can write under their names, so only a vouched line counts: in the journal by the unit or the program that
    /// wrote it; in a file by a process of that number that is one of ours now.
    private func isOwnLine(_ mark: Marks.Mark, _ view: BatchView) -> Bool {
        guard view.identifier(of: mark, beginsWith: "herald-") else { return false }
        let record = view.hit(mark).record
        guard let identifier = record.identifier, Self.programs.contains(Octets(identifier)), isOfThisHost(record)
        else {
            return false
        }
        guard record.source.isJournal else { return record.pid.map { isOwnProcess($0, identifier) } ?? false }
        if record.values(of: "_SYSTEMD_UNIT").contains(Array("\(identifier).service".utf8))
            || record.unit?.isExactly(identifier + ".service") == true
        {
            return true
        }
        let executable = record.executable.map { Files.split($0).name }
        return executable?.isExactly(identifier) == true && (record.uid == 0 || record.uid == geteuid())
    }

    /// Another host's Herald is a program as any other: that it cannot send is told by who can. The system's journal and
    /// namespaces are this host's whatever name it had; a folder of journal files and a log may be any host's.
    private func isOfThisHost(_ record: Record) -> Bool {
        if case .journal(let place) = record.source, !place.hasPrefix("/") { return true }
        guard let named = record.host else { return true }
        if named == host { return true }
        // Syslog writes the name without its domain, journals as it was set.
        let (short, own) = (named.utf8.prefix { $0 != 0x2e }, host.utf8.prefix { $0 != 0x2e })
        let isOneShort = short.count == named.utf8.count || own.count == host.utf8.count
        return isOneShort && short.elementsEqual(own)
    }

    private static let programs: Set<Octets> = [
        "herald-watcher", "herald-mailer", "herald-responder", "herald-extract",
    ]
}

extension Record {
    /// A file's line whole, with its header; of the journal the message.
    var shownText: [UInt8] { source.isJournal ? message : raw }
}
