// How many letters in any hour. A sliding hour: no window of sixty minutes, wherever it begins, holds more.
//
// Must stay true: whatever one rule or one user writes, there is room for what nobody was told of within the hour.

import Formats

/// The letters of the last hour, and whether one more may go.
package struct LetterCap: Hashable, Sendable {
    /// What a letter is to the cap: of one incident, or of several of one rule and one user.
    package struct Sort: Hashable, Sendable {
        package var rule: String
        package var uid: UInt32?
        package var kind: Report.Kind

        package init(rule: String, uid: UInt32? = nil, kind: Report.Kind = .first) {
            self.rule = rule
            self.uid = uid
            self.kind = kind
        }

        /// Its incident was told of before, and the news is no more than that it goes on or is over.
        var isRepeat: Bool { kind != .first && kind != .returned }
        var isOfUser: Bool { (uid ?? 0) != 0 }
    }

    private struct Sent: Hashable, Sendable {
        var time: Timestamp
        /// Nil: a digest.
        var sort: Sort?
    }

    private var sent: [Sent] = []
    /// Emergency and alert: their digests are limited by their times alone, and come so soon that rules need no shares.
    private let isUrgent: Bool
    private static let hour = Duration.seconds(3600)

    package init(isUrgent: Bool = false) { self.isUrgent = isUrgent }

    package var last: Timestamp? { sent.last?.time }

    /// Forgets what is older than an hour.
    package mutating func pass(to now: Timestamp) { sent.removeAll { $0.time <= now - Self.hour } }

    /// Whether another letter may go out, of `limit` an hour. A rule and a user other than root have a share each; all
    /// users leave something for the system, what goes on for what is new, and rules that were heard of for the others.
    package func admits(_ sort: Sort, limit: Int) -> Bool {
        guard room(for: sort, limit: limit) > 0 else { return false }
        if sort.isRepeat, count(where: \.isRepeat) >= limit - ReportPolicy.reserveForNews(of: limit) { return false }
        guard sort.isOfUser else { return true }
        return count(where: \.isOfUser) < limit - ReportPolicy.reserve(of: limit)
            && count { $0.uid == sort.uid } < ReportPolicy.share(of: limit)
    }

    /// How many such letters there is room for, as far as the whole and the shares of rules say.
    package func room(for sort: Sort, limit: Int) -> Int {
        if isUrgent { return limit - count { _ in true } }
        let left = limit - sent.count
        let common = Self.common(limit) - sent.count
        let isHeardOf = sort.isRepeat || sent.contains { $0.sort?.rule == sort.rule }
        let room = isHeardOf ? common : min(left, max(common, 1))
        guard sort.kind == .first else { return room }
        let first = count { $0.rule == sort.rule && $0.kind == .first }
        return min(room, ReportPolicy.share(of: limit) - first)
    }

    /// Whether a digest may go out, of what is not urgent.
    package func admitsDigest(limit: Int) -> Bool { sent.count < Self.common(limit) }

    /// A letter goes out.
    package mutating func note(_ time: Timestamp, _ sort: Sort) { sent.append(Sent(time: time, sort: sort)) }

    /// A digest goes out.
    package mutating func noteDigest(_ time: Timestamp) { sent.append(Sent(time: time)) }

    /// When a digest has room: when the hour of the letters that leave it none ends.
    package func nextRoom(limit: Int) -> Timestamp? {
        let limit = Self.common(limit)
        guard limit > 0, sent.count >= limit else { return sent.first.map { $0.time + Self.hour } }
        return sent[sent.count - limit].time + Self.hour
    }

    private static func common(_ limit: Int) -> Int { limit - ReportPolicy.reserveForRules(of: limit) }

    private func count(where isWanted: (Sort) -> Bool) -> Int { sent.count { $0.sort.map(isWanted) ?? false } }

    /// The clock was set back by `delta`.
    mutating func shift(by delta: Duration) {
        for index in sent.indices { sent[index].time = sent[index].time + delta }
    }

    package var json: JSON {
        .array(
            sent.map { one in
                .compact([
                    ("time", JSON(time: one.time)), ("rule", JSON(one.sort?.rule)),
                    ("uid", JSON(one.sort?.uid.map { Int($0) })), ("kind", JSON(one.sort?.kind.rawValue)),
                    ("digest", one.sort == nil ? true : nil),
                ])
            })
    }

    package init(json: JSON?, isUrgent: Bool = false) {
        self.isUrgent = isUrgent
        sent = (json?.array ?? []).prefix(2000).compactMap { item in
            guard let time = Timestamp(json: item["time"]) else { return nil }
            if item["digest"]?.bool == true { return Sent(time: time) }
            // An earlier version kept no more than whether it was a repeat.
            let kind = item["kind"]?.string.flatMap { Report.Kind(rawValue: $0) }
            let sort = Sort(
                rule: item["rule"]?.string ?? "", uid: item["uid"]?.int.flatMap { UInt32(exactly: $0) },
                kind: kind ?? (item["repeat"]?.bool == true ? .further : .first))
            return Sent(time: time, sort: sort)
        }
    }
}
