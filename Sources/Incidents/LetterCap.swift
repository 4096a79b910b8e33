// How many letters in any hour. A sliding hour: no window of sixty minutes, wherever it begins, holds more.

import Formats

/// The letters of the last hour, and whether one more may go.
package struct LetterCap: Hashable, Sendable {
    private struct Sent: Hashable, Sendable {
        var time: Timestamp
        var uid: UInt32?
    }

    private var sent: [Sent] = []
    private static let hour = Duration.seconds(3600)

    package init() {}

    package var last: Timestamp? { sent.last?.time }

    /// Forgets what is older than an hour.
    package mutating func pass(to now: Timestamp) { sent.removeAll { $0.time <= now - Self.hour } }

    /// Whether another letter may go out, of `limit` an hour. A user other than root has a share, and all of them together
    /// leave something for the others.
    package func admits(limit: Int, uid: UInt32? = nil) -> Bool {
        guard sent.count < limit else { return false }
        guard let uid, uid != 0 else { return true }
        let ofUsers = sent.count { ($0.uid ?? 0) != 0 }
        return ofUsers < limit - ReportPolicy.reserve(of: limit)
            && sent.count(where: { $0.uid == uid }) < ReportPolicy.share(of: limit)
    }

    package mutating func note(_ time: Timestamp, uid: UInt32? = nil) { sent.append(Sent(time: time, uid: uid)) }

    /// When the hour of the letters that fill the cap ends.
    package func nextRoom(limit: Int) -> Timestamp? {
        guard limit > 0, sent.count >= limit else { return sent.first.map { $0.time + Self.hour } }
        return sent[sent.count - limit].time + Self.hour
    }

    /// The clock was set back by `delta`.
    mutating func shift(by delta: Duration) {
        for index in sent.indices { sent[index].time = sent[index].time + delta }
    }

    package var json: JSON {
        .array(sent.map { ["time": .int($0.time.microseconds), "uid": JSON($0.uid.map { Int($0) })] })
    }

    package init(json: JSON?) {
        sent = (json?.array ?? []).prefix(2000).compactMap { item in
            guard let time = item["time"]?.int else { return nil }
            return Sent(time: Timestamp(microseconds: time), uid: item["uid"]?.int.flatMap { UInt32(exactly: $0) })
        }
    }
}
