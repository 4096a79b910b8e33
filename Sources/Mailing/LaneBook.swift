// The destinations of `server: direct`: which can be reached, how many connections each is given, and when one that could
// not be reached is tried again. Pure: time and chance come as parameters; the mailer keeps it in the database.
//
// Must stay true: one slow or failing destination holds up none of the others, and no account pauses for it. What a round does
// here costs what it changes, however many destinations there are; what is new is always learned.

import Formats

/// An account that delivers directly, and the domain it delivers to.
package struct Lane: Hashable, Sendable {
    package var account: String
    package var destination: String
}

/// What is known of a lane.
struct LaneState: Equatable, Sendable {
    /// Attempts in a row at which no host was reached.
    var failures = 0
    /// The breaker is open until then; what waits for the lane waits.
    var openUntil: Timestamp?
    /// Why no host was reached.
    var words: String?
    /// What the administrator is to know of its hosts, though letters may go.
    var trouble: String?
    var pace = Pace()

    /// It has failed since it was last reached: one letter at a time goes there (the breaker is half open).
    var isDoubtful: Bool { failures > 0 }
}

struct LaneBook {
    /// Connections of an account that delivers directly, to all its destinations; of these at most half to doubtful ones.
    static let connections = 20
    static let doubtfulConnections = 10
    /// The first and the longest time that a breaker is open.
    static let firstPause = Duration.seconds(60)
    static let longestPause = Duration.seconds(1800)
    /// More lanes are not kept; for a new one then, a tenth of them goes.
    static let limit = 10_000

    private struct Due: Comparable {
        var at: Timestamp
        var lane: Lane
        static func < (a: Due, b: Due) -> Bool { a.at < b.at }
    }

    private var states = UndoDictionary<Lane, LaneState>()
    private var counts = UndoDictionary<Lane, Int>()
    /// Lanes that were refused, by when that may end. Where a round is not committed, all are asked for again.
    private var refused: [Lane: Timestamp] = [:]
    /// The same in order, and what is not so any more.
    private var dues = Heap<Due>()
    /// Lanes that were refused because too many doubtful ones are tried.
    private var crowded: Set<Lane> = []

    /// Those of which there is something to be known.
    var lanes: [Lane: LaneState] { states.values }
    /// How many letters of a lane are on their way.
    var underWay: [Lane: Int] { counts.values }
    /// What was changed since `settle`, and was so before.
    var changed: [Lane: LaneState?] { states.earlier }

    subscript(lane: Lane) -> LaneState { states[lane] ?? LaneState() }

    /// The round is committed, or what was read is what there is.
    mutating func settle() {
        states.settle()
        counts.settle()
    }

    /// The round is not committed.
    mutating func revert() {
        states.revert()
        counts.revert()
    }

    /// Whether a letter may go there now. A lane that is refused is to be asked for again when `due` names it, or when one
    /// of its letters has ended.
    mutating func admits(_ lane: Lane, most: Int, at now: Timestamp) -> Bool {
        let state = self[lane]
        let busy = underWay[lane] ?? 0
        if let until = state.openUntil, until > now { return refuse(lane, until) }
        if let until = state.pace.waits(at: now) { return refuse(lane, until) }
        if busy >= (state.isDoubtful ? 1 : min(state.pace.concurrency, max(1, most))) { return false }
        if state.isDoubtful, doubtfulUnderWay >= Self.doubtfulConnections {
            crowded.insert(lane)
            return false
        }
        return true
    }

    private mutating func refuse(_ lane: Lane, _ until: Timestamp) -> Bool {
        if refused[lane] != until {
            refused[lane] = until
            dues.insert(Due(at: until, lane: lane))
        }
        return false
    }

    private var doubtfulUnderWay: Int { underWay.count { self[$0.key].isDoubtful } }

    /// A letter goes there.
    mutating func began(_ lane: Lane, at now: Timestamp) {
        counts[lane] = (counts[lane] ?? 0) + 1
        if let pace = states[lane]?.pace, pace.floor > .zero { states[lane]?.pace.began(at: now) }
    }

    /// A letter has ended. Returns the lanes that are to be asked for again.
    mutating func ended(_ lane: Lane) -> Set<Lane> {
        let left = (counts[lane] ?? 1) - 1
        counts[lane] = left > 0 ? left : nil
        defer { crowded = [] }
        return crowded.union([lane])
    }

    /// A host was reached. Returns whether none was before.
    mutating func reached(_ lane: Lane, trouble: String?, at now: Timestamp) -> Bool {
        let wasDoubtful = self[lane].isDoubtful
        change(lane) { state in
            (state.failures, state.openUntil, state.words, state.trouble) = (0, nil, nil, trouble)
        }
        return wasDoubtful
    }

    /// A host took a letter.
    mutating func took(_ lane: Lane, most: Int, at now: Timestamp) {
        change(lane) { $0.pace.succeeded(most: most, at: now) }
    }

    /// No host was reached: the breaker opens for 1, 2, 4 … 30 min, ±10 %.
    /// - Returns: whether this is news.
    mutating func failed(_ lane: Lane, words: String, trouble: String?, at now: Timestamp, jitter: Double) -> Bool {
        let isNews = !self[lane].isDoubtful
        change(lane) { state in
            state.failures += 1
            let rhythm = Retry(first: Self.firstPause, maximum: Self.longestPause)
            state.openUntil = now + rhythm.delay(afterAttempts: state.failures, jitter: jitter)
            (state.words, state.trouble) = (words, trouble ?? state.trouble)
        }
        return isNews
    }

    mutating func slowedDown(_ lane: Lane, _ code: Int?, first: Duration, at now: Timestamp) {
        change(lane) { $0.pace.slowedDown(code, first: first, at: now) }
    }

    /// A person wants what waits to be tried now.
    mutating func tryAll() -> Set<Lane> {
        for (lane, state) in lanes where state.openUntil != nil { states[lane]?.openUntil = nil }
        defer { (refused, dues) = ([:], Heap()) }
        return Set(refused.keys)
    }

    /// Lanes that were refused and may be no more.
    mutating func due(at now: Timestamp) -> [Lane] {
        var lanes: [Lane] = []
        while let first = dues.first, first.at <= now {
            _ = dues.removeFirst()
            guard refused[first.lane] == first.at else { continue }
            refused[first.lane] = nil
            lanes.append(first.lane)
        }
        return lanes
    }

    /// When `due` may name the next one.
    var nextDue: Timestamp? { dues.first?.at }

    /// As it was kept over a restart; what says that it waits longer than may be was written under a clock that was wrong.
    mutating func restore(_ lane: Lane, failures: Int, openUntil: Timestamp?, words: String?, at now: Timestamp) {
        let latest = now + Self.longestPause
        change(lane) { state in
            (state.failures, state.words) = (max(0, failures), words)
            state.openUntil = openUntil.map { min($0, latest) }
        }
    }

    /// Those of accounts that are not there any more are forgotten.
    mutating func keep(_ accounts: Set<String>) {
        for lane in lanes.keys where !accounts.contains(lane.account) { states[lane] = nil }
    }

    mutating func clockWasSet(by step: Duration) {
        for case (let lane, var state) in lanes {
            state.openUntil = state.openUntil.map { $0 + step }
            state.pace.clockWasSet(by: step)
            states[lane] = state
        }
        refused = refused.mapValues { $0 + step }
        dues = Heap()
        for (lane, until) in refused { dues.insert(Due(at: until, lane: lane)) }
    }

    /// What is as it is at first takes no room.
    private mutating func change(_ lane: Lane, _ change: (inout LaneState) -> Void) {
        let before = states[lane]
        var state = before ?? LaneState()
        change(&state)
        if state == before { return }
        if before == nil, lanes.count >= Self.limit { makeRoom() }
        states[lane] = state == LaneState() ? nil : state
    }

    /// Forgets a tenth of the lanes that nothing is on its way to: those that are well first, for they are soon known again;
    /// then those whose breakers have closed, or close next.
    private mutating func makeRoom() {
        let idle = lanes.filter { counts[$0.key] == nil }.map { lane, state in
            (lane: lane, isWell: !state.isDoubtful && state.trouble == nil, until: state.openUntil)
        }
        let order = idle.sorted { a, b in
            if a.isWell != b.isWell { return a.isWell }
            return (a.until?.microseconds ?? .min) < (b.until?.microseconds ?? .min)
        }
        for (lane, _, _) in order.prefix(Self.limit / 10) { states[lane] = nil }
    }
}
