// How many letters in any hour. A sliding hour: no window of sixty minutes, wherever it begins, holds more.

import Formats

/// The letters of the last hour, and whether one more may go.
package struct LetterCap: Hashable, Sendable {
    private struct Sent: Hashable, Sendable {
        var time: Timestamp
        var uid: UInt32?
        /// Of an incident that was told of before.
        var isRepeat = false
        var isDigest = false
    }

    private var sent: [Sent] = []
    /// Whether digests are among the letters that are limited; else their times alone limit them.
    private let countsDigests: Bool
    private static let hour = Duration.seconds(3600)

    package init(countsDigests: Bool = true) { self.countsDigests = countsDigests }

    package var last: Timestamp? { sent.last?.time }

    /// Forgets what is older than an hour.
    package mutating func pass(to now: Timestamp) { sent.removeAll { $0.time <= now - Self.hour } }

    /// Whether another letter may go out, of `limit` an hour. A user other than root has a share, and all of them together
    /// leave something for the others; what goes on leaves something for what is new.
    /// - Parameter isRepeat: it tells of an incident that was told of before.
    package func admits(limit: Int, uid: UInt32? = nil, isRepeat: Bool = false) -> Bool {
        guard sent.count(where: { countsDigests || !$0.isDigest }) < limit else { return false }
        if isRepeat, sent.count(where: \.isRepeat) >= limit - ReportPolicy.reserveForNews(of: limit) { return false }
        guard let uid, uid != 0 else { return true }
        let ofUsers = sent.count { ($0.uid ?? 0) != 0 }
        return ofUsers < limit - ReportPolicy.reserve(of: limit)
            && sent.count(where: { $0.uid == uid }) < ReportPolicy.share(of: limit)
    }

    /// A letter of one incident goes out.
    package mutating func note(_ time: Timestamp, uid: UInt32? = nil, isRepeat: Bool = false) {
        sent.append(Sent(time: time, uid: uid, isRepeat: isRepeat))
    }

    /// A digest goes out.
    package mutating func noteDigest(_ time: Timestamp) { sent.append(Sent(time: time, isDigest: true)) }

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
        .array(
            sent.map { one in
                .compact([
                    ("time", JSON(time: one.time)), ("uid", JSON(one.uid.map { Int($0) })),
                    ("repeat", one.isRepeat ? true : nil), ("digest", one.isDigest ? true : nil),
                ])
            })
    }

    package init(json: JSON?, countsDigests: Bool = true) {
        self.countsDigests = countsDigests
        sent = (json?.array ?? []).prefix(2000).compactMap { item in
            guard let time = Timestamp(json: item["time"]) else { return nil }
            return Sent(
                time: time, uid: item["uid"]?.int.flatMap { UInt32(exactly: $0) },
                isRepeat: item["repeat"]?.bool ?? false, isDigest: item["digest"]?.bool ?? false)
        }
    }
}
