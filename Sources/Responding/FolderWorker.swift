// One drop folder at work: looks, claims, reads, decides, hands over, files. Each item goes through the stages in this
// order, each committed before the next begins; after a crash an item goes on where it stood.

import Database
import Formats
import Glibc
import Intake
import Logging
import Mail
import Platform
import Replies
import Settings
import Spool

/// The points between the commits of an item, in order. Tests stop the responder at each.
package enum ItemStep: String, CaseIterable, Sendable {
    case claimed, entered, copied, read, decided, handedOver, named, filed, finished
}

/// Why an item's work ended early.
enum WorkFault: Error {
    case database(DatabaseError)
    case system(SystemError)
    case outage(IntakeOutage)
    /// A test ended the process here.
    case stopped
}

/// Works on one drop folder. Belongs to the responder's thread.
final class FolderWorker {
    let plan: FolderPlan
    private let whole: ResponderPlan
    let store: ResponderStore
    private let inbox: DropFolder
    let outcomes: OutcomeFolder
    private let reader: ItemReader
    private let log: Logger
    private let handOver: () throws(WorkFault) -> Void
    private let mayPass: (ItemStep) -> Bool
    /// What is wrong with the folder now; each said once.
    private(set) var trouble: String?
    private(set) var lastScan = DropFolderScan()
    /// Items of ours that lie in work/ were looked for since the start.
    private var hasRecovered = false
    /// Items whose filing failed in this round for a reason of their own, in words: tried again in the next.
    private var postponed: [String] = []
    /// An item whose reading ended the responder so many times is not read again.
    private static let maximumAttempts = 6
    /// After so many it waits until all else is done: a kill may be nobody's fault, but a poison holds up no other.
    private static let urgentAttempts = 1

    init(
        plan: FolderPlan, whole: ResponderPlan, store: ResponderStore, extraction: ExtractionProcess,
        patience: Duration?,
        log: Logger, mayPass: @escaping (ItemStep) -> Bool, handOver: @escaping () throws(WorkFault) -> Void
    ) {
        self.plan = plan
        self.whole = whole
        self.store = store
        inbox = DropFolder(path: plan.settings.path, settle: plan.settings.settle, patience: patience)
        outcomes = OutcomeFolder(path: plan.settings.outcomeDirectory, inbox: inbox, instance: store.instance)
        reader = ItemReader(extraction: extraction)
        self.log = log
        self.mayPass = mayPass
        self.handOver = handOver
    }

    var path: String { plan.settings.path }

    /// The folders to watch; empty while the drop folder is not there.
    var watchedFolders: [String] { ((try? inbox.itemFolders()) ?? []).map(inbox.folder) }

    /// One round: what was left in hand, then what lies there. `goesOn` is asked before each item.
    func round(goesOn: () -> Bool) throws(WorkFault) {
        do throws(WorkFault) {
            try unavailable { () throws(IntakeOutage) in try outcomes.prepare() }
            try FolderMark.check(path, outcomes.path, store)
            postponed = []
            let recovers = !hasRecovered
            if recovers { try recover(goesOn) }
            lastScan = try unavailable { () throws(IntakeOutage) in try inbox.scan(now: SystemClock.monotonic()) }
            for notice in lastScan.notices { log.warning("\(notice)", metadata: ["folder": "\(path)"]) }
            for waiting in lastScan.ready where goesOn() { try take(waiting) }
            if recovers { try resume((Self.urgentAttempts + 1)...Int(Int32.max), goesOn) }
            settleTrouble(
                postponed.first.map { "\($0)\(postponed.count > 1 ? " (and \(postponed.count - 1) more)" : "")" })
        } catch {
            guard case .stopped = error else {
                settleTrouble(Self.words(error))
                return
            }
            throw error
        }
    }

    private func unavailable<T>(_ body: () throws(IntakeOutage) -> T) throws(WorkFault) -> T {
        do throws(IntakeOutage) { return try body() } catch { throw .outage(error) }
    }

    private func settleTrouble(_ words: String?) {
        if let words, words != trouble {
            log.error("\(words)", metadata: ["folder": "\(path)"])
        } else if words == nil, trouble != nil {
            log.notice("the drop folder can be used again", metadata: ["folder": "\(path)"])
        }
        if words != nil { lastScan = DropFolderScan() }
        if words != nil { hasRecovered = false }
        trouble = words
    }

    static func words(_ fault: WorkFault) -> String {
        switch fault {
        case .database(let error): "\(error)"
        case .system(let error): "\(error)"
        case .outage(let error): "\(error)"
        case .stopped: "stopped"
        }
    }

    /// Goes on with what an earlier run left: items in work/ that the ledger does not know yet, then those it knows.
    private func recover(_ goesOn: () -> Bool) throws(WorkFault) {
        for item in try system({ () throws(SystemError) in try outcomes.claimed() }) where goesOn() {
            if try database({ () throws(DatabaseError) in try store.item(item.id) }) == nil { try attend(item) }
        }
        try resume(0...Self.urgentAttempts, goesOn)
        hasRecovered = true
    }

    /// Works on items that the ledger knows and whose reading was begun so many times.
    private func resume(_ attempts: ClosedRange<Int>, _ goesOn: () -> Bool) throws(WorkFault) {
        let left = try database { () throws(DatabaseError) in try store.unfinished(folder: path, attempts: attempts) }
        for known in left where goesOn() { try attend(known.item) }
    }

    private func take(_ waiting: WaitingItem) throws(WorkFault) {
        let id = Randomness.identifier()
        guard let item = try unavailable({ () throws(IntakeOutage) in try outcomes.claim(waiting, id: id) }) else {
            return
        }
        try pass(.claimed)
        try attend(item)
    }

    /// Works on an item; a fault that is its own fails it, and the others go on.
    private func attend(_ item: ClaimedItem) throws(WorkFault) {
        do throws(WorkFault) {
            try work(on: item)
        } catch {
            if case .stopped = error { throw error }
            guard case .system(let fault) = error, fault.concernsOneItem else {
                // Nothing of the item ended the attempt; without the ledger it counts, which is the safer side.
                try? store.takeBackAttempt(item.id)
                throw error
            }
            try system { () throws(SystemError) in try outcomes.check() }
            try FolderMark.check(path, outcomes.path, store)
            try giveUp(item, "\(fault)")
        }
    }

    /// Fails an item that is not decided; one that is decided waits for its filing.
    private func giveUp(_ item: ClaimedItem, _ reason: String) throws(WorkFault) {
        do throws(WorkFault) {
            let known = try database { () throws(DatabaseError) in try store.item(item.id) }
            if let known, known.outcome != nil {
                throw .system(SystemError("file the item: \(reason)", errno: EEXIST))
            }
            let now = SystemClock.now()
            try database { () throws(DatabaseError) in
                try store.enter(item, folder: path, at: now)
                try stage.fail(item, reason, claimed: known?.claimed ?? now, now: now)
            }
            try work(on: item)
        } catch {
            guard case .system(let fault) = error, fault.concernsOneItem else { throw error }
            postponed.append("the item \(item.id) waits in \(outcomes.path)/work: \(reason)")
        }
    }

    private var stage: ReplyStage { ReplyStage(plan: whole, folder: plan, store: store) }

    /// An item through its stages, from wherever it stands.
    private func work(on item: ClaimedItem) throws(WorkFault) {
        var known = try database { () throws(DatabaseError) in try store.item(item.id) }
        if known?.outcome == nil {
            try database { () throws(DatabaseError) in try store.enter(item, folder: path, at: SystemClock.now()) }
            try pass(.entered)
            try decide(item)
            try pass(.decided)
            known = try database { () throws(DatabaseError) in try store.item(item.id) }
        }
        try handOver()
        try pass(.handedOver)
        if let known, let outcome = known.outcome { try file(item, known, outcome) }
    }

    /// Stages 1 and 2. The attempt is counted before the first byte is read: what ends the process counts.
    private func decide(_ item: ClaimedItem) throws(WorkFault) {
        let attempt = try database { () throws(DatabaseError) in try store.beginAttempt(item.id) }
        let claimed =
            try database { () throws(DatabaseError) in try store.item(item.id) }?.claimed ?? SystemClock.now()
        if attempt >= Self.maximumAttempts {
            let reason = "reading it ended the responder \(attempt - 1) times; it is not read again"
            try database { () throws(DatabaseError) in
                try stage.fail(item, reason, claimed: claimed, now: SystemClock.now())
            }
            return
        }
        let copy = try system { () throws(SystemError) in try outcomes.copy(item) }
        try pass(.copied)
        let isMaildir = watchedFolders.count > 1
        let read = try unavailable { () throws(IntakeOutage) in
            try reader.read(copy, name: item.name, isMaildir: isMaildir, position: plan.settings.position)
        }
        try pass(.read)
        try database { () throws(DatabaseError) in
            try stage.decide(item, read, claimed: claimed, now: SystemClock.now())
        }
    }

    /// Stage 3: into the outcome's folder, under a name that the ledger knows before.
    private func file(_ item: ClaimedItem, _ known: LedgerItem, _ outcome: String) throws(WorkFault) {
        let sidecar = known.sidecar.flatMap { try? JSON.parse($0) } ?? ["herald-item": 1, "id": .string(item.id)]
        var name = known.filedAs
        for attempt in 1...5 {
            let chosen: [UInt8]
            if let name {
                chosen = name
            } else if attempt == 5 {
                chosen = OutcomeName.unique(item.name, Randomness.identifier())
                try database { () throws(DatabaseError) in try store.setFiledAs(item.id, chosen) }
            } else {
                chosen = try system { () throws(SystemError) in try outcomes.freeName(for: item.name, in: outcome) }
                try database { () throws(DatabaseError) in try store.setFiledAs(item.id, chosen) }
            }
            try pass(.named)
            do throws(SystemError) {
                try outcomes.file(item, outcome: outcome, as: chosen, sidecar: sidecar)
                break
            } catch {
                guard error.errno == EEXIST, attempt < 5 else { throw .system(error) }
                name = nil  // somebody put a file of that name there meanwhile
            }
        }
        try pass(.filed)
        try database { () throws(DatabaseError) in try store.finish(item.id) }
        log.info(
            "\(outcome): \(Printable.text(item.name, limit: 120))",
            metadata: ["folder": "\(path)", "item": "\(item.id)"])
        try pass(.finished)
    }

    private func pass(_ step: ItemStep) throws(WorkFault) { if !mayPass(step) { throw .stopped } }

    @discardableResult
    private func database<T>(_ body: () throws(DatabaseError) -> T) throws(WorkFault) -> T {
        do throws(DatabaseError) { return try body() } catch { throw .database(error) }
    }

    private func system<T>(_ body: () throws(SystemError) -> T) throws(WorkFault) -> T {
        do throws(SystemError) { return try body() } catch { throw .system(error) }
    }
}

extension SystemError {
    /// The next item need not meet it: something is wrong with one file, and not with the disk or the process.
    fileprivate var concernsOneItem: Bool {
        [
            ENOENT, EACCES, EPERM, ELOOP, EINVAL, ENOTDIR, EISDIR, ENAMETOOLONG, EEXIST, ENOTEMPTY, EFBIG, ETXTBSY,
            ENXIO,
        ].contains(errno)
    }
}
