// herald-responder: from dropped files to reply letters. This file lists its stages; each has a file of its own.
//
//   DropFolder      what lies in a drop folder, and what of it is finished        (Intake)
//   OutcomeFolder   the claim by rename, the copy, at the end the filing          (Intake)
//   ItemReader      bytes to facts: messages parsed, documents by herald-extract
//   ReplyStage      facts to a decision; decision, reservation and letter in one transaction
//   handOver        letters from the outbox into incoming/responder/
//
// It opens no connection and holds no credentials.

import Control
import Database
import Formats
import Glibc
import Logging
import Mail
import Platform
import Replies
import Settings
import Spool
import Synchronization
import YAML

/// Why the responder cannot start.
package struct ResponderFault: Error, CustomStringConvertible {
    package var description: String
    /// 2 for wrong settings, 75 for what may pass.
    package var exitCode: Int32
}

/// The responder's process. Belongs to the thread that makes it; its control socket has its own.
package final class Responder {
    private var plan: ResponderPlan
    private var workers: [FolderWorker] = []
    private let store: ResponderStore
    private let lock: LockFile
    private let extraction: ExtractionProcess
    private let log: Logger
    private let options: DaemonOptions
    private let mayPass: (ItemStep) -> Bool
    private let status = StatusBoard()
    private var lastPublished = Duration.zero
    /// Why letters cannot be handed over now; said once.
    private var handOverTrouble: String?
    /// What the sandbox of herald-extract lacks; looked at once.
    private let sandboxWarning: String?
    /// Letters of the outbox that cannot be read, by their ids, in words; each said once.
    private var unreadableLetters: [String: String] = [:]

    /// Opens the state. `mayPass` is for tests: false ends the work at that step as a crash would.
    package init(
        plan: ResponderPlan, extraction: ExtractionProcess, options: DaemonOptions, log: Logger,
        mayPass: @escaping (ItemStep) -> Bool = { _ in true }
    ) throws(ResponderFault) {
        let folder = plan.paths.state("responder")
        do throws(SystemError) {
            try Files.makeDirectories(folder)
            lock = try LockFile(folder + "/lock")
        } catch {
            let words = error.errno == EWOULDBLOCK ? "another herald-responder uses \(folder)" : "\(error)"
            throw ResponderFault(description: words, exitCode: 75)
        }
        do throws(DatabaseError) {
            store = try ResponderStore(path: folder + "/responder.db")
        } catch {
            throw ResponderFault(description: "\(error)", exitCode: 75)
        }
        self.plan = plan
        self.extraction = extraction
        self.options = options
        self.log = log
        self.mayPass = mayPass
        sandboxWarning = extraction.sandboxWarning()
        if let words = store.setAside { log.critical("\(words)") }
        if let sandboxWarning { log.warning("\(sandboxWarning)") }
        assemble()
    }

    private func assemble() {
        // In a script nobody wants to wait ten minutes for the end of a file that never comes.
        workers = plan.folders.map { folder in
            FolderWorker(
                plan: folder, whole: plan, store: store, extraction: extraction,
                patience: options.untilIdle ? folder.settings.settle * 20 : nil, log: log, mayPass: mayPass,
                handOver: { [unowned self] () throws(WorkFault) in try self.handOver() })
        }
    }

    /// The ledger, as it is now.
    package func ledger() throws(DatabaseError) -> Ledger { try store.ledger() }

    /// One round over all folders, and the outbox. False when a test stopped it.
    @discardableResult
    package func round(goesOn: () -> Bool = { true }) -> Bool {
        do throws(WorkFault) {
            try handOver()
            for worker in workers where goesOn() {
                try worker.round(goesOn: {
                    publish(within: .seconds(1))
                    return goesOn()
                })
            }
        } catch {
            if case .stopped = error { return false }
        }
        ServiceManager.watchdog()
        publish()
        return true
    }

    /// Nothing is left that would become an answer by itself.
    package var isIdle: Bool { workers.allSatisfy { $0.trouble != nil || $0.lastScan.isIdle } }
    package var hasTrouble: Bool { handOverTrouble != nil || workers.contains { $0.trouble != nil } }
    /// What a person should look at, in words.
    package var problems: [String] {
        workers.compactMap(\.trouble) + [handOverTrouble, store.setAside].compactMap { $0 }
            + unreadableLetters.sorted { $0.key < $1.key }.prefix(20).map(\.value)
    }

    /// Letters that were committed go to the mailer. One that cannot be read stays, and holds up no other; a folder that
    /// cannot be written to ends the attempt, since the next letter would meet the same.
    private func handOver() throws(WorkFault) {
        do throws(DatabaseError) {
            let folder = HandoverFolder(path: plan.paths.incoming("responder"))
            for (id, bytes) in try store.outbox() {
                guard let letter = readable(id, bytes) else { continue }
                do throws(SystemError) {
                    try folder.deposit(letter)
                } catch {
                    let words = "a letter cannot be handed over: \(error)"
                    if words != handOverTrouble { log.error("\(words)", metadata: ["letter": "\(id)"]) }
                    handOverTrouble = words
                    return
                }
                try store.handedOver(id)
            }
            handOverTrouble = nil
        } catch {
            throw .database(error)
        }
    }

    private func readable(_ id: String, _ bytes: [UInt8]) -> Letter? {
        if unreadableLetters[id] != nil { return nil }
        do throws(LetterFileError) {
            return try LetterFile.decode(bytes)
        } catch {
            let words = "the letter \(Printable.text(id, limit: 40)) stays in the outbox, it cannot be read: \(error)"
            log.error("\(words)")
            unreadableLetters[id] = words
            return nil
        }
    }

    /// What the control socket shows, and the sign of life for systemd, also in the middle of a long round.
    private func publish(within interval: Duration) {
        let now = SystemClock.monotonic()
        guard now - lastPublished >= interval else { return }
        lastPublished = now
        ServiceManager.watchdog()
        publish()
    }

    private func publish() {
        let ledger = try? store.ledger()
        var problems = problems + [sandboxWarning].compactMap { $0 }
        if ledger == nil { problems.append("the ledger cannot be read") }
        if ledger?.addsUp == false { problems.append("the ledger does not add up") }
        let folders = workers.map { worker -> JSON in
            [
                "path": .string(worker.path), "trouble": JSON(worker.trouble),
                "settling": .int(Int64(worker.lastScan.settling)),
                "incomplete": .int(Int64(worker.lastScan.incomplete)),
            ]
        }
        status.set([
            "ledger": ledger?.json ?? .null, "outbox": .int(ledger?.outbox ?? 0),
            "folders": .array(folders), "problems": .array(problems.map { .string($0) }),
        ])
    }
}

extension Responder {
    /// What a reload reads.
    package typealias Reading = () -> (plan: ResponderPlan?, diagnostics: [Diagnostic])

    /// Runs until a signal, or with `--until-idle` until nothing is left to do. Returns the exit code.
    package func run(signals: Signals, reading: Reading) throws(SystemError) -> Int32 {
        let board = status
        let server = try ControlServer(path: plan.paths.socket("responder"), log: log) { request in
            guard request.command == "status" else {
                return .failure("herald-responder knows no command '\(Printable.text(request.command, limit: 40))'")
            }
            return .success(board.value)
        }
        defer { server.stop() }
        let requests = Requests(signals)
        let hints = try FolderHints()
        var isReady = false
        while true {
            hints.watch(workers.flatMap(\.watchedFolders))
            hints.clear()  // before the look: what changes from here on wakes the wait below
            guard
                round(goesOn: {
                    requests.poll(); return !requests.stops
                })
            else { return 1 }
            if !isReady { ServiceManager.ready() }
            isReady = true
            requests.poll()
            if requests.stops {
                ServiceManager.stopping()
                return 0
            }
            if requests.takeReload() {
                change(to: reading())
                continue
            }
            if options.untilIdle, options.noWait || isIdle { return hasTrouble || !unreadableLetters.isEmpty ? 1 : 0 }
            // Took some: look again before waiting.
            if workers.contains(where: { $0.trouble == nil && !$0.lastScan.ready.isEmpty }) { continue }
            _ = try Poller.wait(
                [(signals.descriptor.number, .readable), (hints.descriptor.number, .readable)], timeout: pause)
        }
    }

    /// Until the next look: when something may have settled, at the latest after a minute; sooner in trouble.
    private var pause: Duration {
        let now = SystemClock.monotonic()
        var pause: Duration = hasTrouble ? .seconds(5) : .seconds(60)
        if let interval = ServiceManager.watchdogInterval() { pause = min(pause, interval) }
        for worker in workers { if let next = worker.lastScan.nextLook { pause = min(pause, max(.zero, next - now)) } }
        return pause
    }

    /// Settings with faults change nothing.
    private func change(to read: (plan: ResponderPlan?, diagnostics: [Diagnostic])) {
        ServiceManager.reloading()
        for fault in read.diagnostics {
            log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)")
        }
        if let new = read.plan, new.paths == plan.paths {
            plan = new
            assemble()
            log.notice("\(ReloadWords.done)")
        } else {
            let words =
                read.plan == nil
                ? ReloadWords.kept(because: "the settings are not valid (herald check names the faults)")
                : ReloadWords.kept(because: ReloadWords.needsRestart)
            log.error("\(words)")
        }
        ServiceManager.ready()
    }
}

/// The signals that have come.
private final class Requests {
    private let signals: Signals
    private(set) var stops = false
    private var reloads = false

    init(_ signals: Signals) { self.signals = signals }

    func poll() {
        while let request = signals.next() {
            switch request {
            case .stop: stops = true
            case .reload: reloads = true
            }
        }
    }

    func takeReload() -> Bool {
        defer { reloads = false }
        return reloads
    }
}
