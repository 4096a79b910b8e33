// The destinations of `server: direct`: which can be reached, how many connections each is given, and when one that could
// not be reached is tried again. Pure: time and chance come as parameters; the mailer keeps it in the database.
//
// Must stay true: one slow or failing destination holds up none of the others, and no account pauses for it.

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

struct LaneBook: Equatable, Sendable {
    /// Connections of an account that delivers directly, to all its destinations; of these at most half to doubtful ones.
    static let connections = 20
    static let doubtfulConnections = 10
    /// The first and the longest time that a breaker is open.
    static let firstPause = Duration.seconds(60)
    static let longestPause = Duration.seconds(1800)
    private static let limit = 10_000

    /// Those of which there is something to be known.
    private(set) var lanes: [Lane: LaneState] = [:]
    /// How many letters of a lane are on their way.
    private(set) var underWay: [Lane: Int] = [:]
    /// Lanes that were refused, by when that may end.
    private var refused: [Lane: Timestamp] = [:]
    /// Lanes that were refused because too many doubtful ones are tried.
    private var crowded: Set<Lane> = []

    subscript(lane: Lane) -> LaneState { lanes[lane] ?? LaneState() }

    /// Whether a letter may go there now. A lane that is refused is to be asked for again when `due` names it, or when one
    /// of its letters has ended.
    mutating func admits(_ lane: Lane, most: Int, at now: Timestamp) -> Bool {
        let state = self[lane]
        let busy = underWay[lane] ?? 0
        if let until = state.openUntil, until > now {
            refused[lane] = until
            return false
        }
        if let until = state.pace.waits(at: now) {
            refused[lane] = until
            return false
        }
        if busy >= (state.isDoubtful ? 1 : min(state.pace.concurrency, max(1, most))) { return false }
        if state.isDoubtful, doubtfulUnderWay >= Self.doubtfulConnections {
            crowded.insert(lane)
            return false
        }
        return true
    }

    private var doubtfulUnderWay: Int { underWay.count { self[$0.key].isDoubtful } }

    /// A letter goes there.
    mutating func began(_ lane: Lane, at now: Timestamp) {
        underWay[lane, default: 0] += 1
        if lanes[lane] != nil { lanes[lane]?.pace.began(at: now) }
    }

    /// A letter has ended. Returns the lanes that are to be asked for again.
    mutating func ended(_ lane: Lane) -> Set<Lane> {
        let left = (underWay[lane] ?? 1) - 1
        underWay[lane] = left > 0 ? left : nil
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
        for lane in Array(lanes.keys) { change(lane) { $0.openUntil = nil } }
        defer { refused = [:] }
        return Set(refused.keys)
    }

    /// Lanes that were refused and may be no more.
    mutating func due(at now: Timestamp) -> [Lane] {
        let due = refused.filter { $0.value <= now }.map(\.key)
        for lane in due { refused[lane] = nil }
        return due
    }

    /// When `due` names the next one.
    var nextDue: Timestamp? { refused.values.min() }

    /// As it was kept over a restart; what says that it waits longer than may be was written under a clock that was wrong.
    mutating func restore(_ lane: Lane, failures: Int, openUntil: Timestamp?, words: String?, at now: Timestamp) {
        let latest = now + Self.longestPause
        change(lane) { state in
            (state.failures, state.words) = (max(0, failures), words)
            state.openUntil = openUntil.map { min($0, latest) }
        }
    }

    /// Those of accounts that are not there any more are forgotten.
    mutating func keep(_ accounts: Set<String>) { lanes = lanes.filter { accounts.contains($0.key.account) } }

    mutating func clockWasSet(by step: Duration) {
        lanes = lanes.mapValues { state in
            var state = state
            state.openUntil = state.openUntil.map { $0 + step }
            state.pace.clockWasSet(by: step)
            return state
        }
        refused = refused.mapValues { $0 + step }
    }

    /// What is as it is at first takes no room.
    private mutating func change(_ lane: Lane, _ change: (inout LaneState) -> Void) {
        var state = self[lane]
        change(&state)
        if state == LaneState() {
            lanes[lane] = nil
        } else if lanes[lane] != nil || lanes.count < Self.limit {
            lanes[lane] = state
        }
    }
}
