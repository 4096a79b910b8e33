// Who is served next at a control socket, so that nobody who is silent, or asks a lot, keeps others out.
//
// Must stay true: of the connections that are served at one time, one at least is left to root and to the daemon's own
// user, and no other user has more than two; what waits is bounded, and there is always room for root.

/// Connections in the order of their coming, and how many of each user are served.
struct PeerQueue<Connection> {
    /// How many are served at one time.
    static var servedLimit: Int { 4 }
    /// Of one unprivileged user.
    static var servedLimitOfOne: Int { 2 }
    static var waitingLimit: Int { 64 }
    static var waitingLimitOfOne: Int { 16 }

    private let owner: UInt32
    private var waiting: [(uid: UInt32, connection: Connection)] = []
    /// Users that are served, one entry for each connection.
    private var served: [UInt32] = []

    /// - Parameter owner: the daemon's own user.
    init(owner: UInt32) { self.owner = owner }

    /// False when too much waits already: the connection is to be closed.
    mutating func add(_ connection: Connection, of uid: UInt32) -> Bool {
        let room = isUnprivileged(uid) ? Self.waitingLimit - Self.waitingLimitOfOne : Self.waitingLimit
        guard waiting.count < room, waiting.count(where: { $0.uid == uid }) < Self.waitingLimitOfOne else {
            return false
        }
        waiting.append((uid, connection))
        return true
    }

    /// The first that may be served now. It counts as served until `end`.
    mutating func next() -> (uid: UInt32, connection: Connection)? {
        guard let index = waiting.firstIndex(where: { mayBeServed($0.uid) }) else { return nil }
        let first = waiting.remove(at: index)
        served.append(first.uid)
        return first
    }

    /// A connection of this user is served no more.
    mutating func end(_ uid: UInt32) {
        if let index = served.firstIndex(of: uid) { served.remove(at: index) }
    }

    var hasNext: Bool { waiting.contains { mayBeServed($0.uid) } }

    private func mayBeServed(_ uid: UInt32) -> Bool {
        guard served.count < Self.servedLimit else { return false }
        guard isUnprivileged(uid) else { return true }
        return served.count(where: isUnprivileged) < Self.servedLimit - 1
            && served.count(where: { $0 == uid }) < Self.servedLimitOfOne
    }

    private func isUnprivileged(_ uid: UInt32) -> Bool { uid != 0 && uid != owner }
}
