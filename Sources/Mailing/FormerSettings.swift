// Settings that a reload has replaced. Letters that the other daemons have made under them, and not handed over yet, are no
// intruder's: they are taken in for a while. Pure: times are parameters, monotonic.

import Settings

struct FormerSettings: Sendable {
    /// How long a daemon may need to be reloaded itself, and to hand over what it has.
    static let validity = Duration.seconds(3600)
    /// Of many reloads in that time the last ones count.
    private static let most = 8

    private var list: [(settings: Settings, until: Duration)] = []

    mutating func note(_ settings: Settings, at time: Duration) {
        list.removeAll { $0.until <= time }
        list.append((settings, time + Self.validity))
        if list.count > Self.most { list.removeFirst() }
    }

    func inForce(at time: Duration) -> [Settings] { list.filter { $0.until > time }.map(\.settings) }
}
