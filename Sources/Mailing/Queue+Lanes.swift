// What is known of destinations, hosts and policies, kept from start to start.

import Database
import Formats
import MailRouting
import SMTPTransport

extension Queue {
    /// Writes what was changed of the lanes that are not reached.
    func save(_ book: LaneBook) throws(QueueError) {
        for (lane, before) in book.changed {
            let key = [SQLValue(lane.account), SQLValue(lane.destination)]
            let state = book[lane]
            guard state.isDoubtful else {
                if before?.isDoubtful == true {
                    try execute("DELETE FROM lanes WHERE account = ? AND destination = ?", key)
                }
                continue
            }
            try execute(
                "INSERT OR REPLACE INTO lanes(account, destination, failures, open_until, words) VALUES(?,?,?,?,?)",
                key + [
                    SQLValue(state.failures), SQLValue(state.openUntil?.microseconds), SQLValue(state.words),
                ])
        }
    }

    func restore(_ book: inout LaneBook, at now: Timestamp) throws(QueueError) {
        for row in try rows("SELECT account, destination, failures, open_until, words FROM lanes") {
            book.restore(
                Lane(account: row[0].string ?? "", destination: row[1].string ?? ""),
                failures: Int(clamping: row[2].int ?? 0), openUntil: row[3].int.map { Timestamp(microseconds: $0) },
                words: row[4].string, at: now)
        }
    }

    /// Writes what threads have learned.
    func save(_ learned: LearnedFacts) throws(QueueError) {
        for (host, facts) in learned.hosts {
            if facts == HostBook.Facts() {
                try execute("DELETE FROM hosts WHERE name = ?", [SQLValue(host)])
                continue
            }
            try execute(
                "INSERT OR REPLACE INTO hosts(name, plain_until, one_by_one_until) VALUES(?,?,?)",
                [
                    SQLValue(host), SQLValue(facts.plainUntil?.microseconds),
                    SQLValue(facts.oneByOneUntil?.microseconds),
                ])
        }
        for entry in learned.policies {
            try execute(
                "INSERT OR REPLACE INTO policies(domain, id, mode, hosts, maximum_age, fetched) VALUES(?,?,?,?,?,?)",
                [
                    SQLValue(entry.domain.ascii), SQLValue(entry.id), SQLValue(entry.policy.mode.rawValue),
                    SQLValue(entry.policy.patterns.joined(separator: " ")), SQLValue(Int(entry.policy.maximumAge)),
                    SQLValue(entry.fetched.microseconds),
                ])
        }
    }

    /// What threads begin with.
    func knowledge(at now: Timestamp, tokens: TokenKeeper) throws(QueueError) -> DeliveryKnowledge {
        let time = SQLValue(now.microseconds)
        try execute("DELETE FROM policies WHERE fetched + maximum_age * 1000000 < ?", [time])
        try execute(
            "DELETE FROM hosts WHERE max(COALESCE(plain_until, 0), COALESCE(one_by_one_until, 0)) < ?", [time])
        var hosts: [String: HostBook.Facts] = [:]
        for row in try rows("SELECT name, plain_until, one_by_one_until FROM hosts") {
            hosts[row[0].string ?? ""] = HostBook.Facts(
                plainUntil: row[1].int.map { Timestamp(microseconds: $0) },
                oneByOneUntil: row[2].int.map { Timestamp(microseconds: $0) })
        }
        var policies: [STSEntry] = []
        for row in try rows("SELECT domain, id, mode, hosts, maximum_age, fetched FROM policies") {
            guard let domain = try? DomainName(row[0].string ?? ""),
                let mode = row[2].string.flatMap(STSPolicy.Mode.init)
            else { continue }
            let patterns = (row[3].string ?? "").split(separator: " ").map(String.init)
            policies.append(
                STSEntry(
                    domain: domain, id: row[1].string ?? "",
                    policy: STSPolicy(mode: mode, patterns: patterns, maximumAge: row[4].int ?? 0),
                    fetched: Timestamp(microseconds: row[5].int ?? 0)))
        }
        return DeliveryKnowledge(hosts: HostBook(hosts), policies: PolicyBook(policies), tokens: tokens)
    }
}

/// What delivery threads have found out and no round has written yet.
struct LearnedFacts {
    var hosts: [(host: String, facts: HostBook.Facts)] = []
    var policies: [STSEntry] = []

    var isEmpty: Bool { hosts.isEmpty && policies.isEmpty }

    mutating func take(from knowledge: DeliveryKnowledge) {
        hosts += knowledge.hosts.takeChanges()
        policies += knowledge.policies.takeChanges()
    }
}
