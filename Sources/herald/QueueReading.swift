// The queue, asked of the mailer; where no mailer runs, read and changed by the same code under the mailer's own lock.

import Control
import Formats
import Glibc
import Mail
import Mailing
import Platform
import Settings
import Spool

struct QueueReading {
    private let settings: Settings
    private let knowsPaths: Bool

    init(_ place: DaemonSettings) { (settings, knowsPaths) = (place.settings, place.knowsPaths) }

    init(settings: Settings) { (self.settings, knowsPaths) = (settings, true) }

    /// A delivery, as the mailer wrote it down; read only where somebody looks into it.
    struct Row {
        let text: String
        var json: JSON { (try? JSON.parse(Array(text.utf8))) ?? .null }

        /// `{"number":12,…`, as DeliverySummary has it.
        fileprivate var number: Int64 {
            let start = #"{"number":"#
            guard text.hasPrefix(start) else { return json["number"]?.int ?? 0 }
            return Int64(text.dropFirst(start.count).prefix { $0.isNumber }) ?? 0
        }
    }

    /// Shows each delivery, at most `limit` of them, those in `states` (empty: all); the letters that the mailer has not
    /// taken in yet are shown as queued. Returns whether more would follow, and whether a mailer told it.
    func list(states: [String], limit: Int, _ show: (Row) -> Void) throws -> (
        hasMore: Bool, isLive: Bool
    ) {
        let showsWaiting = states.isEmpty || states.contains(DeliveryState.queued.name)
        let waiting = showsWaiting ? ["watcher", "responder"].flatMap(incoming) : []
        var known: Set<String> = []
        // One that would come to its end while the pages are read would be in two of them.
        var shown: Set<Int64> = []
        func take(_ lines: [UInt8]) {
            for line in lines.split(separator: 0x0a) {
                let row = Row(text: String(decoding: line, as: UTF8.self))
                guard shown.insert(row.number).inserted else { continue }
                if !waiting.isEmpty { known.insert(row.json["id"]?.string ?? "") }
                show(row)
            }
        }
        var after: QueueCursor?
        var isLive = true
        repeat {
            let left = min(limit - shown.count, QueuePage.rowsPerPage)
            guard let page = try asked("queue-list", pageRequest(states, left, after)) else {
                after = try ownedPage(states, left, after, take)
                isLive = false
                continue
            }
            take(page.body)
            after = QueueCursor(page.result["next"])
        } while after != nil && shown.count < limit
        // A letter stands in both between the mailer's commit and its unlink.
        let others = waiting.filter { !known.contains($0["id"]?.string ?? "") }
        for row in others.prefix(limit - shown.count) { show(Row(text: row.text)) }
        return (after != nil || others.count > limit - shown.count, isLive)
    }

    private func pageRequest(_ states: [String], _ limit: Int, _ after: QueueCursor?) -> JSON {
        [
            "states": .array(states.map { .string($0) }), "limit": JSON(limit), "after": after?.json ?? .null,
        ]
    }

    private func ownedPage(
        _ states: [String], _ limit: Int, _ after: QueueCursor?, _ show: ([UInt8]) -> Void
    ) throws -> QueueCursor? {
        let states = states.flatMap { DeliveryState.named($0) ?? [] }
        return try owned { queue throws(QueueError) in
            var page = try queue.page(after: after, states: states, limit: limit)
            show(page.lines())
            return page.next
        } ?? nil
    }

    /// A letter with all its deliveries, and its message; that is empty where it is not kept any more.
    func show(_ id: String) throws -> (letter: JSON, message: [UInt8]) {
        guard let answer = try asked("queue-show", ["id": .string(id)]) else {
            let found = try owned { queue throws(QueueError) in
                let facts = try queue.particulars(of: id).members ?? []
                let deliveries = JSON.array(try queue.list(letter: id).map { $0.json() })
                return (JSON.object(facts + [JSON.Member("deliveries", deliveries)]), try queue.message(of: id) ?? [])
            }
            guard let found else { throw Failure.wrong("\(QueueError.unknown(id))") }
            return found
        }
        var deliveries = answer.result["deliveries"]?.array ?? []
        var after = QueueCursor(answer.result["next"])
        while let cursor = after, let page = try asked("queue-list", ["letter": .string(id), "after": cursor.json]) {
            deliveries += page.body.split(separator: 0x0a).compactMap { try? JSON.parse($0) }
            after = QueueCursor(page.result["next"])
        }
        let facts = (answer.result.members ?? []).filter { !["deliveries", "next"].contains($0.name) }
        return (.object(facts + [JSON.Member("deliveries", .array(deliveries))]), answer.body)
    }

    /// Returns how many deliveries were changed.
    func change(_ id: String, _ change: QueueChange) throws -> Int {
        if let answer = try asked("queue-\(change.rawValue)", ["id": .string(id)]) {
            return Int(answer.result["deliveries"]?.int ?? 0)
        }
        let (keep, hold) = (settings.smtp.keep, settings.smtp.uncertain == .hold)
        let done = try owned { queue throws(QueueError) in
            let count = try queue.transaction { () throws(QueueError) in
                try queue.changeAtRest(id, change, at: SystemClock.now(), hold: hold)
            }
            if count > 0 { return (count: count, refusal: "") }
            let words = try queue.refusal(of: change, id, keep: keep) { SystemClock.utcOffset(at: $0) }
            return (count: 0, refusal: words)
        }
        guard let done else { throw Failure.wrong("\(QueueError.unknown(id))") }
        if done.count == 0 { throw Failure.wrong(done.refusal) }
        return done.count
    }

    /// Nil when no mailer runs.
    private func asked(_ command: String, _ arguments: JSON = .object([])) throws -> (result: JSON, body: [UInt8])? {
        let client = ControlClient(path: settings.paths.socket("mailer"))
        do throws(ControlError) {
            return try client.request(command, arguments)
        } catch {
            if case .notRunning = error { return nil }
            throw error.failure(of: "mailer")
        }
    }

    /// Whether no mailer has ever worked here, as far as that can be seen: then there is no queue, and none is made.
    var hasNeverRun: Bool {
        guard knowsPaths else { return false }
        let path = settings.paths.state("mailer") + "/" + Queue.fileName
        do throws(SystemError) { return try FileStatus.of(path, followingLinks: false) == nil } catch { return false }
    }

    /// The queue itself, for root and the mailer's own user, as the latter; nil where there is none yet.
    private func owned<T>(_ body: (Queue) throws(QueueError) -> T) throws -> T? {
        guard knowsPaths else {
            throw Failure.later("herald-mailer is not running, and the settings that name its queue cannot be read")
        }
        if hasNeverRun { return nil }
        let folder = settings.paths.state("mailer")
        do throws(SystemError) {
            guard access(folder, W_OK) == 0 else { throw SystemError("open", folder) }
            try StateOwner.become(of: folder)
        } catch {
            throw Failure.later("herald-mailer does not run, and its queue is not ours to open: \(error)")
        }
        do throws(QueueError) {
            return try body(Queue.open(folder: folder).queue)
        } catch {
            if case .unknown = error { throw Failure.wrong(error.description) }
            throw Failure.later(error.description)
        }
    }

    private func incoming(_ daemon: String) -> [JSON] {
        let folder = HandoverFolder(path: settings.paths.incoming(daemon))
        return ((try? folder.waiting()) ?? []).flatMap { name -> [JSON] in
            guard let bytes = try? folder.read(name), let letter = try? LetterFile.decode(bytes) else { return [] }
            return letter.envelope.recipients.map { recipient in
                [
                    "id": .string(letter.id), "recipient": .string(recipient.text), "state": "queued", "attempts": 0,
                    "next_attempt": nil, "last_reply": nil, "subject": .string(letter.subject),
                    "origin": .string(letter.origin),
                ]
            }
        }
    }
}
