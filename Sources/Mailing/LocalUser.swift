// Who is at the control socket, by the kernel's word (SO_PEERCRED), and what that person may do.

import Control
import Formats
import Glibc

/// A user of this host.
package struct LocalUser: Equatable, Sendable {
    package var uid: UInt32
    /// Nil for a number that has no name.
    package var name: String?
    /// Root, the daemon's own user, and the members of the group `herald`: may change things, and send under any alias.
    package var isPrivileged: Bool

    package init(uid: UInt32, name: String?, isPrivileged: Bool) {
        self.uid = uid
        self.name = name
        self.isPrivileged = isPrivileged
    }

    package init(_ peer: ControlPeer) {
        self.init(uid: peer.uid, name: Self.name(of: peer.uid), isPrivileged: peer.isPrivileged)
    }

    private static func name(of uid: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return nil
        }
        return String(cString: name)
    }
}

/// How much users without privileges may submit: a bucket for each, filled again with time. Pure.
package struct SubmissionRates: Equatable, Sendable {
    /// Messages at once, and messages an hour.
    package static let burst = 30
    package static let perHour = 120
    /// The largest message that anyone may submit.
    package static let maximumSize = 32 << 20

    static let tooLarge = "the message has more than \(maximumSize >> 20) MiB"
    static let tooMany =
        "too many messages: \(burst) at once and \(perHour) an hour are taken from a user; the next one within "
        + "\(3600 / perHour) s"

    private struct Bucket: Equatable {
        var tokens: Double
        var filled: Duration
    }
    private var buckets: [UInt32: Bucket] = [:]

    package init() {}

    /// Takes one message's worth out of a user's bucket. False when it is empty. `time` is monotonic.
    package mutating func take(_ uid: UInt32, at time: Duration) -> Bool {
        var bucket = buckets[uid] ?? Bucket(tokens: Double(Self.burst), filled: time)
        let passed = max(0, Double((time - bucket.filled).milliseconds) / 1000)
        bucket.tokens = min(Double(Self.burst), bucket.tokens + passed * Double(Self.perHour) / 3600)
        bucket.filled = time
        let allowed = bucket.tokens >= 1
        if allowed { bucket.tokens -= 1 }
        buckets[uid] = bucket
        return allowed
    }
}
