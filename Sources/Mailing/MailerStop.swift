// How far a stop has come. Pure: times are parameters, monotonic.

/// A stop has two ends: what is under way is given a while to come to its dot, and what is behind the dot as long as a server
/// may take for its answer, for a letter whose answer was not waited for would be sent twice.
struct MailerStop: Equatable, Sendable {
    /// When a stop waits no longer, but for answers to dots; nil while none was asked for.
    private(set) var by: Duration?
    /// When it waits for these no longer.
    private(set) var dotsBy: Duration?
    /// What made the mailer stop keeps it from its work: the queue cannot be written, or is damaged.
    var hasGivenUp = false

    var isBegun: Bool { by != nil }

    mutating func begin(at time: Duration, grace: Duration, longestAnswer: Duration) {
        by = time + grace
        dotsBy = time + grace + longestAnswer
    }

    /// Nothing is waited for any more.
    mutating func hurry(at time: Duration) { (by, dotsBy) = (time, time) }

    /// Whether a dot may still go out.
    func letsDotsGo(at time: Duration) -> Bool { by.map { time < $0 } ?? true }
}
