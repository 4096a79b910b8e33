// What sessions have found out about hosts and others of the same host should know: that TLS failed where it is
// opportunistic, that commands in groups are not understood.

import Formats
import Platform
import SMTPTransport
import Synchronization

/// Thread-safe. Made with what was kept over a restart; whoever keeps it asks for the changes from time to time.
final class HostBook: Sendable {
    struct Facts: Equatable, Sendable {
        /// Until then it is not asked for TLS.
        var plainUntil: Timestamp?
        /// Until then commands go to it one by one.
        var oneByOneUntil: Timestamp?
    }

    private struct State {
        var facts: [String: Facts]
        var changes: [String: Facts] = [:]
    }

    /// RFC 7435 section 3 leaves it to us: long enough not to pay for each letter, short enough to notice the mend.
    static let plain = Duration.seconds(3600)
    static let oneByOne = Duration.seconds(86400)
    /// More hosts are not kept; for a new one then, what is over goes, or the tenth that is over next.
    static let limit = 10_000

    private let state: Mutex<State>

    init(_ kept: [String: Facts] = [:]) { state = Mutex(State(facts: kept)) }

    /// Puts what is known of its server into the options of a session.
    func inform(_ options: inout SessionOptions, at now: Timestamp = SystemClock.now()) {
        guard let facts = state.withLock({ $0.facts[options.server.description] }) else { return }
        options.leavesOutTLS = Self.holds(facts.plainUntil, Self.plain, now)
        if Self.holds(facts.oneByOneUntil, Self.oneByOne, now) { options.pipelining = false }
    }

    /// What lies further ahead than it can was written under a clock that was wrong.
    private static func holds(_ until: Timestamp?, _ longest: Duration, _ now: Timestamp) -> Bool {
        until.map { $0 > now && $0 - now <= longest } ?? false
    }

    /// Takes what a session has found out.
    func learn(from client: SMTPClient, _ options: SessionOptions, at now: Timestamp = SystemClock.now()) {
        let (isPlain, isOneByOne) = (client.plainBecause != nil, client.pipeliningFailed)
        learn(options.server.description, isPlain: isPlain, isOneByOne: isOneByOne, at: now)
    }

    func learn(_ name: String, isPlain: Bool, isOneByOne: Bool, at now: Timestamp) {
        guard isPlain || isOneByOne else { return }
        state.withLock { state in
            if state.facts[name] == nil, state.facts.count >= Self.limit { Self.makeRoom(&state, at: now) }
            var facts = state.facts[name] ?? Facts()
            if isPlain, !Self.holds(facts.plainUntil, Self.plain, now) { facts.plainUntil = now + Self.plain }
            if isOneByOne, !Self.holds(facts.oneByOneUntil, Self.oneByOne, now) {
                facts.oneByOneUntil = now + Self.oneByOne
            }
            guard facts != state.facts[name] else { return }
            state.facts[name] = facts
            state.changes[name] = facts
        }
    }

    private static func makeRoom(_ state: inout State, at now: Timestamp) {
        func end(_ facts: Facts) -> Timestamp { max(facts.plainUntil ?? now, facts.oneByOneUntil ?? now) }
        var gone = state.facts.filter { end($0.value) <= now }.map(\.key)
        if gone.isEmpty {
            gone = state.facts.sorted { end($0.value) < end($1.value) }.prefix(limit / 10).map(\.key)
        }
        for host in gone { (state.facts[host], state.changes[host]) = (nil, Facts()) }
    }

    /// What has been learned since the last call; without any facts: the host is forgotten.
    func takeChanges() -> [(host: String, facts: Facts)] {
        state.withLock { state in
            defer { state.changes = [:] }
            return state.changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }
}
