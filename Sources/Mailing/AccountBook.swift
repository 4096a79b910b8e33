// The accounts: which one may be used now, which is paused and when it is tried again, what it last said. Pure: time and
// chance come as parameters; the mailer keeps it in the database from start to start.

import Formats
import SMTPProtocol
import Settings

/// What is known of an account beside its settings.
package struct AccountState: Equatable, Sendable {
    package var settings: Settings.Account
    /// Why it is paused; nil while it is well.
    package var fault: String?
    /// A fault of configuration or login: only a person can mend it.
    package var needsPerson = false
    /// Faults in a row.
    package var failures = 0
    /// When it is tried again, with no letter at stake.
    package var probeAt: Timestamp?
    /// Of the settings in force and of the files that they name; nil where a change could not be told.
    package var stamp: String?
    /// The stamp with which it failed.
    package var faultStamp: String?
    /// A probe is under way.
    package var isProbing = false
    /// When it failed for the last time, monotonic; nil: in an earlier run, or never.
    package var failedAt: Duration?
    /// Connections that it is given at one time, up to its `max_connections`.
    package var pace = Pace()
    /// `delay_between_messages` after the last one.
    package var nextMessage: Timestamp?
    /// Why letters were handed on to the next account, since the start or since its settings were changed.
    var refusals: Set<Diagnosis> = []
    package var lastReply: String?
    package var lastReplyAt: Timestamp?

    package init(_ settings: Settings.Account) { self.settings = settings }

    package var isPaused: Bool { fault != nil }

    /// It works. One that delivers directly always does: no host's fault pauses it, and there is no server to be probed.
    mutating func mend() {
        (fault, needsPerson, failures, failedAt, faultStamp) = (nil, false, 0, nil, nil)
        (probeAt, isProbing) = (nil, false)
    }
}

/// All accounts, in the order of the settings.
package struct AccountBook: Equatable, Sendable {
    package private(set) var accounts: [AccountState]

    package init(_ settings: [Settings.Account]) { accounts = settings.map(AccountState.init) }

    package subscript(name: String) -> AccountState? {
        get { accounts.first { $0.settings.name == name } }
        set {
            guard let newValue, let index = accounts.firstIndex(where: { $0.settings.name == name }) else { return }
            accounts[index] = newValue
        }
    }

    /// The accounts that letters of this alias may leave through: enabled ones, in order. Empty for an alias that is
    /// not known (any more).
    package func allowed(_ alias: Settings.Alias?) -> [AccountState] {
        guard let alias else { return [] }
        let enabled = accounts.filter(\.settings.enabled)
        if alias.accounts.isEmpty { return enabled }
        return alias.accounts.compactMap { name in enabled.first { $0.settings.name == name } }
    }

    /// The account that serves this alias now: the first allowed one that is not paused.
    package func serving(_ alias: Settings.Alias?) -> AccountState? { allowed(alias).first { !$0.isPaused } }

    /// The account that serves what these have refused: the first of the others that is not paused. Where the settings have
    /// no others any more, these are asked again.
    func serving(_ alias: Settings.Alias?, but refusedBy: [String]) -> AccountState? {
        let others = others(alias, but: refusedBy)
        return others.isEmpty ? serving(alias) : others.first { !$0.isPaused }
    }

    func others(_ alias: Settings.Alias?, but refusedBy: [String]) -> [AccountState] {
        allowed(alias).filter { !refusedBy.contains($0.settings.name) }
    }

    /// The server refuses what the account is to carry.
    /// - Returns: whether this was not known.
    mutating func refused(_ name: String, _ diagnosis: Diagnosis) -> Bool {
        self[name]?.refusals.insert(diagnosis).inserted ?? false
    }

    /// The account works: it is used again. Where a person has to mend it, only a session says so that was begun since:
    /// one that was logged in before goes on after the password was changed, and each of its letters would let the others
    /// try a login that is refused.
    /// - Parameter session: when the session was begun that shows it, monotonic; nil: there was none.
    /// - Returns: whether it was paused before.
    package mutating func succeeded(_ name: String, reply: String?, session: Duration?, at now: Timestamp) -> Bool {
        guard var state = self[name] else { return false }
        let wasPaused = state.isPaused
        if state.needsPerson {
            guard let session, session > state.failedAt ?? .zero else { return false }
        }
        state.mend()
        if let reply {
            state.pace.succeeded(most: state.settings.maxConnections, at: now)
            state.lastReply = reply
            state.lastReplyAt = now
        }
        self[name] = state
        return wasPaused
    }

    /// The account does not work: it is paused until its next probe.
    /// - Parameters:
    ///   - isProbe: it is the probe that says so.
    ///   - time: the monotonic clock's.
    /// - Returns: whether this is news (it was well, or fails for another reason).
    package mutating func failed(
        _ name: String, words: String, needsPerson: Bool, isProbe: Bool, at now: Timestamp, _ time: Duration,
        retry: Retry, jitter: Double
    ) -> Bool {
        guard var state = self[name], !state.settings.isDirect else { return false }
        // Letters that were under way when it failed for the first say the same again; the rhythm goes by probes.
        let isWorse = needsPerson && !state.needsPerson
        if state.isPaused, !isWorse, !(isProbe && state.isProbing) { return false }
        let isNews = state.fault != words
        state.failures += 1
        state.fault = words
        state.needsPerson = needsPerson
        state.faultStamp = state.stamp
        state.lastReply = words
        state.lastReplyAt = now
        state.probeAt = now + Self.pause(state.failures, needsPerson, retry, jitter)
        state.isProbing = false
        state.failedAt = time
        self[name] = state
        return isNews
    }

    /// The server says that it is asked too much of: fewer connections from now on, and slower.
    /// - Parameter floor: the first floor of the delay between letters.
    package mutating func slowedDown(_ name: String, _ code: Int?, floor: Duration, at now: Timestamp) {
        guard var state = self[name] else { return }
        state.pace.slowedDown(code, first: floor, at: now)
        self[name] = state
    }

    /// A server that cannot be reached is asked often, so that an outage's end is noticed; a login that was refused
    /// seldom, because repeated ones get accounts locked.
    private static func pause(_ failures: Int, _ needsPerson: Bool, _ retry: Retry, _ jitter: Double) -> Duration {
        let longest = needsPerson ? longestPause : .seconds(300)
        let rhythm = Retry(first: retry.first, maximum: max(retry.first, min(retry.maximum, longest)))
        return rhythm.delay(afterAttempts: failures, jitter: jitter)
    }

    /// No pause is longer, but for its ±10 %, unless `first` is.
    package static let longestPause = Duration.seconds(3600)

    /// Paused accounts whose time for a probe has come.
    package func probesDue(at now: Timestamp) -> [String] {
        accounts.filter { $0.settings.enabled && $0.isPaused && !$0.isProbing && ($0.probeAt ?? now) <= now }
            .map(\.settings.name)
    }

    /// The next time after `now` at which an account may do more than it may now.
    package func nextChange(after now: Timestamp) -> Timestamp? {
        accounts.filter(\.settings.enabled).flatMap { state -> [Timestamp] in
            let probe = state.isPaused && !state.isProbing ? state.probeAt : nil
            return [probe, state.nextMessage, state.pace.waits(at: now)].compactMap { $0 }.filter { $0 > now }
        }.min()
    }

    /// Lets every paused account be probed at once: the settings may have been mended. Also one whose probe is under
    /// way: should that never end, a person can get the account out of it.
    package mutating func probeAll(at now: Timestamp) {
        for index in accounts.indices where accounts[index].isPaused {
            accounts[index].probeAt = now
            accounts[index].isProbing = false
        }
    }

    /// After a start or a reload: lets paused accounts be probed at once, but for those that only a person can mend and
    /// where nothing was changed: a login that was refused is refused again, and that gets accounts locked.
    /// - Parameter stamps: by account; see `AccountState.stamp`.
    package mutating func probeWhatChanged(_ stamps: [String: String], at now: Timestamp) {
        for index in accounts.indices {
            let stamp = stamps[accounts[index].settings.name]
            accounts[index].stamp = stamp
            guard accounts[index].isPaused else { continue }
            if accounts[index].needsPerson, let stamp, stamp == accounts[index].faultStamp { continue }
            accounts[index].probeAt = now
            accounts[index].isProbing = false
        }
    }

    /// Takes over new settings; what is known of an account stays where its settings did not change.
    package mutating func reload(_ settings: [Settings.Account], stamps: [String: String], at now: Timestamp) {
        accounts = settings.map { new in
            guard var old = self[new.name] else { return AccountState(new) }
            if old.settings != new { (old.isProbing, old.refusals) = (false, []) }
            old.settings = new
            if new.isDirect { old.mend() }
            return old
        }
        probeWhatChanged(stamps, at: now)
    }

    /// The wall clock was set.
    package mutating func clockWasSet(by step: Duration) {
        for index in accounts.indices {
            accounts[index].probeAt = accounts[index].probeAt.map { $0 + step }
            accounts[index].nextMessage = accounts[index].nextMessage.map { $0 + step }
            accounts[index].pace.clockWasSet(by: step)
        }
    }
}
