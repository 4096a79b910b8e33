// queue → accounts: the last stage of a round.

import Formats
import Mail
import Platform
import Settings

extension Mailer {
    /// Letters for one connection, while a round gathers them.
    private struct Load {
        var account: Settings.Account
        var destination: String
        /// What a thread is at that has little left: the letters go behind that.
        var batch: Batch?
        var letters: [Batch.Letter] = []
        /// Whose reports are among them: what follows on these goes the same way.
        var chains: Set<Chain> = []
        /// How many letters there may be.
        var most: Int
        /// Of the messages.
        var bytes = 0

        var mayHaveMore: Bool { letters.count < most }
    }

    /// Letters are claimed ahead, so that one commit serves many connections: so many for one, where so many are due.
    private static let ahead = 4
    private static let manyAreDue = 8
    /// As many as a connection is through with in this time, or in that of so many commits: what comes meanwhile, however
    /// urgent, waits as long.
    private static let aheadFor = (time: Duration.milliseconds(250), commits: 4)
    /// What is behind a letter that takes longer goes back, to be carried by another connection.
    private static let patience = Duration.seconds(1)
    /// What a connection is given at one time is in memory as a whole: no further letter beyond so many bytes, and so many
    /// claimed ahead in all.
    private static let bytesAtOnce = 1 << 20
    private static let bytesAhead = 8 << 20

    func schedule(at now: Timestamp, _ effects: inout Effects) throws(QueueError) {
        isWaiting = false
        guard !stop.isBegun else { return }
        // A row that is not as the index says must not keep all others from being sent.
        if try !legal({ () throws(QueueError) in try queue.advance(to: now) }) { try queue.loadIndex(at: now) }
        if stallsMayHaveChanged {
            try noticeStalls(at: now)
            try giveUpStranded(at: now, &effects)
        }
        try holdOrphans(at: now)
        try takeBackHeldUp(at: now)
        for lane in lanes.due(at: now) { queue.index.wake(lane.destination) }
        let free = settings.smtp.redirect.holdsAll ? [:] : freeConnections(at: now)
        var scheduler = Scheduler(
            queue.index, settings, book, free: free, excluded: options.noWait ? putOff : [])
        var loads: [Load] = []
        var room = Self.bytesAhead - pool.bytesWaiting
        while let turn = scheduler.next(&queue.index, admits: { mayGo($0, to: $1, at: now) }) {
            guard let account = book[turn.account]?.settings else { continue }
            var load = Load(
                account: account, destination: turn.pick.destination,
                most: mostLetters(account, turn))
            guard try add(turn, to: &load, &room, at: now, &effects) else {
                scheduler.free[turn.account, default: 0] += 1
                continue
            }
            began(load, at: now)
            if account.isDirect { try fill(&load, after: turn, &room, at: now, &effects) }
            loads.append(load)
        }
        loads += further(effects.reporters, scheduler)
        try claimAhead(&loads, scheduler, &room, at: now, &effects)
        try makeWay(scheduler, at: now)
        isWaiting = scheduler.isWaiting(&queue.index)
        for load in loads {
            if let batch = load.batch {
                if !load.letters.isEmpty { effects.further.append((batch, load.letters)) }
                continue
            }
            let batch = Batch(
                load.letters, account: load.account.name,
                destination: load.account.isDirect ? load.destination : "",
                allowsPrivate: settings.smtp.allowPrivateMX)
            effects.orders.append((.deliver(batch), load.account))
        }
        for account in book.probesDue(at: now) {
            guard let state = book[account] else { continue }
            book[account]?.isProbing = true
            effects.orders.append((.probe, state.settings))
        }
        useRested(&effects)
        if let account = surveyor() { effects.orders.append((.survey, account)) }
        try fileCopy(at: now, &effects)
    }

    /// How many letters a connection is given at one time.
    private func mostLetters(_ account: Settings.Account, _ turn: Scheduler.Turn) -> Int {
        let lane = Lane(account: account.name, destination: account.isDirect ? turn.pick.destination : "")
        let due = account.isDirect ? queue.index.due(turn.pick) : queue.index.due(turn.group)
        return mostLetters(account, lane, due: due)
    }

    private func mostLetters(_ account: Settings.Account, _ lane: Lane, due: Int) -> Int {
        let pace = account.isDirect ? lanes[lane].pace : book[account.name]?.pace ?? Pace()
        let isPaced = account.delayBetweenMessages > .zero || pace.floor > .zero
        guard due >= Self.manyAreDue, !isPaced, !lanes[lane].isDoubtful else { return 1 }
        let connections = max(1, min(pace.concurrency, account.maxConnections))
        let usual = pool.usualTime(account: account.name, destination: lane.destination)
        let time = max(Self.aheadFor.time, queue.commitTook * Self.aheadFor.commits)
        let quick = usual.map { Int(clamping: time.microseconds / max(1, $0.microseconds)) } ?? Self.ahead
        return max(1, min(Self.ahead, account.maxMessagesPerConnection, due / connections, quick))
    }

    /// Threads that have little left while many letters are due: they get more before they ask.
    private func further(_ threads: [Int], _ scheduler: Scheduler) -> [Load] {
        if settings.smtp.redirect.holdsAll { return [] }
        return Set(threads).sorted().compactMap { thread in
            guard let batch = pool.batch(of: thread, accounts: settings.smtp.accounts), batch.destination.isEmpty,
                let account = book[batch.account]?.settings
            else { return nil }
            let due = scheduler.due(for: account.name, in: queue.index)
            let most = mostLetters(account, Lane(account: account.name, destination: ""), due: due)
            guard most > 1, batch.left < most else { return nil }
            let chains = Set(batch.underWay.compactMap { queue.index.chain(of: $0) })
            return Load(
                account: account, destination: "", batch: batch, chains: chains, most: most - batch.left,
                bytes: batch.bytesWaiting)
        }
    }

    /// Further letters to the same destination.
    private func fill(
        _ load: inout Load, after first: Scheduler.Turn, _ room: inout Int, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        var turn = first
        while load.mayHaveMore, let pick = queue.index.another(after: turn.pick) {
            turn.pick = pick
            _ = try add(turn, to: &load, &room, at: now, &effects)
        }
    }

    /// Further letters for the connections of this round, in the queue's order.
    private func claimAhead(
        _ loads: inout [Load], _ scheduler: Scheduler, _ room: inout Int, at now: Timestamp, _ effects: inout Effects
    ) throws(QueueError) {
        let wanting = loads.filter { ($0.most > 1 || $0.batch != nil) && !$0.account.isDirect }
        for account in Set(wanting.map(\.account.name)) {
            var scheduler = scheduler
            scheduler.free = [account: .max]
            while true {
                let open = loads.indices.filter {
                    loads[$0].account.name == account && loads[$0].mayHaveMore
                }
                guard let next = open.min(by: { loads[$0].letters.count < loads[$1].letters.count }),
                    let turn = scheduler.next(
                        &queue.index, joins: { chain in open.contains { loads[$0].chains.contains(chain) } })
                else { break }
                // A report goes the way of the one before it.
                let target =
                    turn.pick.chain.flatMap { chain in open.first { loads[$0].chains.contains(chain) } } ?? next
                _ = try add(turn, to: &loads[target], &room, at: now, &effects, announces: true)
            }
        }
    }

    /// Claims the letter for this connection. One bad letter stops itself alone; a large one goes with no other.
    /// - Parameters:
    ///   - room: the bytes that may still be claimed ahead.
    ///   - announces: its dot may be committed with the claim, for the thread comes to it at once.
    private func add(
        _ turn: Scheduler.Turn, to load: inout Load, _ room: inout Int, at now: Timestamp, _ effects: inout Effects,
        announces: Bool = false
    ) throws(QueueError) -> Bool {
        var claim = Claim()
        let (chains, order) = (load.chains, queue.index.order(of: turn.pick.number))
        let longest = load.letters.isEmpty && load.batch == nil ? Int.max : min(Self.bytesAtOnce - load.bytes, room)
        let isClaimed = try legal { () throws(QueueError) in
            claim = try queue.claim(
                turn.pick, account: turn.account, at: now, retry: retry, jitter: jitter(), room: longest,
                joins: chains.contains)
        }
        if claim.isTooLarge { load.most = load.letters.count }
        if !isClaimed { queue.index.passOver(turn.pick) }
        queue.index.release(turn.pick)
        if let words = claim.unreadable { effects.says.append((.error, words)) }
        guard let claimed = claim.assignment else { return false }
        var assignment = try queue.redirected(claimed, by: settings.smtp.redirect, at: now)
        if announces, mayAnnounce(turn.pick, order) {
            assignment.isAnnounced = try legal { () throws(QueueError) in
                try queue.dotPending(assignment.numbers, at: now)
            }
        }
        load.chains.formUnion(assignment.numbers.compactMap { queue.index.chain(of: $0) })
        if !load.letters.isEmpty || load.batch != nil { room -= assignment.message.count }
        load.bytes += assignment.message.count
        load.letters.append(Batch.Letter(assignment: assignment, order: order))
        return true
    }

    /// A dot that is committed before its letter is begun makes of a crash a doubt that need not be. Not where a person
    /// would have to decide of it, and not of a report: another account could not carry that then.
    private func mayAnnounce(_ pick: QueueIndex.Pick, _ order: UInt8) -> Bool {
        settings.smtp.uncertain != .hold && order > QueueIndex.Place.lastOfReports && !queue.index.repeats(pick)
    }

    /// What a thread was given and has not begun goes back to the queue.
    func takeBack(_ deliveries: [Int64], at now: Timestamp) throws(QueueError) {
        if deliveries.isEmpty { return }
        unwritten.takenBack += deliveries
        try giveBack(deliveries, nil, at: now)
    }

    /// A letter whose server is slow holds up itself alone.
    private func takeBackHeldUp(at now: Timestamp) throws(QueueError) {
        try takeBack(pool.withdraw(heldUpSince: clock.last.monotonic - Self.patience), at: now)
    }

    /// When `takeBackHeldUp` has something to do; monotonic.
    var nextHoldUp: Duration? { pool.firstHoldUp.map { $0 + Self.patience } }

    /// A report for which no connection is free has the next one that is: nothing is begun before it that is to go after it.
    private func makeWay(_ scheduler: Scheduler, at now: Timestamp) throws(QueueError) {
        for report in scheduler.reportsThatWait(&queue.index) {
            let back = pool.withdraw(after: report.order, account: report.account, destination: report.destination)
            try takeBack(back, at: now)
        }
    }

    /// The connection is given something.
    private func began(_ load: Load, at now: Timestamp) {
        let name = load.account.name
        if load.account.isDirect { return lanes.began(Lane(account: name, destination: load.destination), at: now) }
        if load.account.delayBetweenMessages > .zero {
            book[name]?.nextMessage = now + load.account.delayBetweenMessages
        }
        book[name]?.pace.began(at: now)
    }

    /// Whether the destination may be given a letter, where the account delivers directly.
    private func mayGo(_ account: String, to destination: String, at now: Timestamp) -> Bool {
        guard let settings = book[account]?.settings, settings.isDirect else { return true }
        return lanes.admits(
            Lane(account: account, destination: destination), most: settings.maxConnections, at: now)
    }

    /// What only an account may carry that is not in the settings any more.
    private func holdOrphans(at now: Timestamp) throws(QueueError) {
        for (group, carrier, _, due) in queue.index.carriers where due > 0 {
            guard case .account(let name) = carrier, book[name] == nil else { continue }
            while queue.index.first(group) != nil {
                guard let pick = queue.index.take(group) else { continue }
                let words = "uncertain, held: its account '\(name)' is not in the settings any more"
                let isHeld = try legal { () throws(QueueError) in try queue.hold(pick.number, words: words, at: now) }
                if !isHeld { queue.index.passOver(pick) }
                queue.index.release(pick)
            }
        }
    }

    /// For every account that is well: how many more connections it can be given letters for.
    private func freeConnections(at now: Timestamp) -> [String: Int] {
        var free: [String: Int] = [:]
        for state in book.accounts where state.settings.enabled && !state.isPaused {
            let name = state.settings.name
            let most =
                state.settings.isDirect
                ? LaneBook.connections : min(state.pace.concurrency, state.settings.maxConnections)
            var count = max(0, most - pool.busy(for: name))
            if state.settings.delayBetweenMessages > .zero {
                count = (state.nextMessage ?? now) > now ? 0 : min(count, 1)
            }
            if state.pace.floor > .zero { count = state.pace.waits(at: now) == nil ? min(count, 1) : 0 }
            free[name] = count
        }
        return free
    }

    /// Time without a usable account does not count towards giving up.
    private func noticeStalls(at now: Timestamp) throws(QueueError) {
        var aliases: Set<String?> = Set(settings.aliases.map { $0.description } + [nil])
        for (_, carrier, _, _) in queue.index.carriers {
            switch carrier {
            case .alias(let alias), .handedOn(let alias, _): aliases.insert(alias)
            case .account: break
            }
        }
        for alias in aliases {
            let usable = book.serving(settings.alias(alias)) != nil && !settings.smtp.redirect.holdsAll
            try queue.stall(alias: alias, usable: usable, at: now)
        }
        stallsMayHaveChanged = false
    }
}
