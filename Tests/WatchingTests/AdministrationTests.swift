// What people ask and change, with a watcher at work and without one; and what a watcher says of what is not well.

import Control
import Database
import Formats
import Glibc
import Incidents
import Mail
import Platform
import Records
import RuleMatching
import Rules
import Settings
import Testing

@testable import Watching

@Suite struct AdministrationTests {
    private let me = ControlPeer(pid: 1, uid: 0, gid: 0)

    @Test func `Everything about one incident is shown, from its lines to its letters`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append("before", WatcherTests.oom, "after")
        watcher.settle(folder)
        let shown = try #require(watcher.answer(to: "incident-show", ["id": 1], from: me).result)
        #expect(shown["rule"]?.string == "oom")
        #expect(shown["line"]?.string?.hasPrefix("Out of memory: Killed process") == true)
        #expect(shown["captures"]?["process"]?.string == "mysqld")
        #expect(shown["samples"]?.array?.first?["text"]?.string?.hasPrefix("Out of memory") == true)
        let sent = try #require(shown["letters_sent"]?.array?.first)
        #expect(sent["kind"]?.string == "first" && sent["new_hits"]?.int == 1)
        #expect(sent["letter"]?.string == (try folder.letters().first?.id))
        #expect(sent["handed_over"]?.string != nil)
        #expect(shown["silence_command"]?.string == "herald " + Silence.command("--incident 1"))
        #expect(watcher.answer(to: "incident-show", ["id": 99], from: me).error != nil)
        let stranger = ControlPeer(pid: 1, uid: 4_000_000, gid: 4_000_000)
        #expect(watcher.answer(to: "incident-show", ["id": 1], from: stranger).kind == .denied)
    }

    @Test func `What waits for a digest is named in the status, and each of it says when it is told`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(
            try folder.settings(to: "Admin, to_email: admin@example.org", "group_wait: 0s, max_per_hour: 1"))
        watcher.settle(folder)
        try folder.append(WatcherTests.oom, "md0: disk failure", "md1: disk failure", "md2: disk failure", "noise")
        watcher.settle(folder)
        let digest = folder.time.wall + .seconds(3600)
        let status = watcher.status
        #expect(status["digests"]?.array?.compactMap { $0["incidents"]?.int } == [3])
        #expect(status["digests"]?.array?.first?["at"]?.string == digest.rfc3339())
        #expect(status["open_by_severity"]?["critical"]?.int == 4)
        #expect(status["since_start"]?["hits"]?.int == 5)
        folder.pass(.seconds(60))
        let list = try #require(watcher.answer(to: "incident-list", [:], from: me).result?.array)
        let told = list.map { [$0["rule"]?.string, $0["telling"]?.string, $0["next_letter"]?.string] }
        #expect(told.count { $0 == ["raid", "digest", digest.rfc3339()] } == 3, "\(told)")
        #expect(told.contains(["oom", "told", nil]) && told.contains(["noise", "recorded", nil]), "\(told)")
    }

    @Test func `Without a watcher the same commands work on its state, and a watcher then goes by them`() throws {
        let folder = try WatcherFolder()
        let settings = try folder.settings()
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            try folder.append(WatcherTests.oom, "md0: disk failure")
            watcher.settle(folder)
            #expect(throws: (any Error).self) { try WatcherState(settings) }  // it is at work
        }
        let now = folder.time.wall
        do {
            let state = try WatcherState(settings)
            let list = try state.answer(to: "incident-list", ["rule": "o*"], at: now).result?.array
            #expect(list?.map { $0["id"]?.int } == [1])
            #expect(
                try state.answer(to: "silence-add", ["rule": "raid", "for": "1h", "comment": "x"], at: now).error == nil
            )
            #expect(try state.answer(to: "incident-resolve", ["ids": [1]], at: now).error == nil)
            #expect(try state.answer(to: "incident-resolve", ["ids": [1]], at: now).error != nil)
        }
        let watcher = try folder.watcher(settings)
        #expect(watcher.book.openIncidents.map(\.rule.id) == ["raid"])
        #expect(watcher.book.silences.first?.author != nil)
        let all = try #require(watcher.answer(to: "incident-list", ["all": true], from: me).result?.array)
        #expect(all.compactMap { $0["state"]?.string }.sorted() == ["open", "resolved"])
    }

    @Test func `A list of the history finds what is asked for behind a storm of other rules, and reads no details`()
        throws
    {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append(WatcherTests.oom, "md[0]: x", "md0: disk failure")
        watcher.settle(folder)
        #expect(watcher.answer(to: "incident-resolve", ["ids": [1, 2]], from: me).error == nil)
        watcher.keep(at: folder.time, evenCheckpointsAlone: true)
        // Details that cannot be read: a list does not look at them.
        try watcher.store.database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
                + " INSERT INTO incidents SELECT i, 0, 'f' || i, 'noise[1]', 4, 'quiet', 'db1', 'Noise', 3, 1, opened,"
                + " last_seen, opened, changed, 'no JSON', 0"
                + " FROM n, (SELECT * FROM incidents WHERE id = 1)")
        func list(_ arguments: JSON) -> [JSON] {
            watcher.answer(to: "incident-list", arguments, from: me).result?.array ?? []
        }
        let found = list(["all": true, "rule": "o?m"])
        #expect(found.map { $0["id"]?.int } == [1])
        #expect(found.first?["title"]?.string == "Out of memory: mysqld was killed")
        #expect(found.first?["state"]?.string == "resolved")
        let noise = list(["all": true, "rule": "noise[1]", "host": "db*", "limit": 10])
        #expect(noise.map { $0["id"]?.int } == Array((2991...3000).reversed()))
        #expect(noise.first?["hits"]?.int == 3 && noise.first?["not_told"]?.int == 2)
        #expect(list(["all": true, "rule": "noise1"]).isEmpty && list(["all": true, "host": "db2"]).isEmpty)
        #expect(list(["all": true]).count == 1000)
    }

    @Test(
        arguments: [
            "status", "silence-list", "incident-list", "incident-show", "silence-add", "silence-remove",
            "incident-resolve", "none",
        ])
    func `Whoever is not of the administrators is told counts alone, and changes nothing`(command: String) throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        _ = watcher.answer(to: "silence-add", ["rule": "raid", "for": "1h", "comment": "secret reason"], from: me)
        let arguments: JSON = ["id": 1, "ids": [1], "rule": "oom", "for": "1h", "comment": "x"]
        let stranger = ControlPeer(pid: 1, uid: 4_000_000, gid: 4_000_000)
        let answer = watcher.answer(to: command, arguments, from: stranger)
        switch command {
        case "status":
            let names = answer.result?.members?.map(\.name)
            #expect(
                names == ["daemon", "version", "pid", "since", "rules", "open_incidents", "problem_count", "limited"])
            #expect(answer.result?["open_incidents"]?.int == 1)
        case "none": #expect(answer.kind == .wrong)
        default: #expect(answer.kind == .denied && answer.result == nil)
        }
        let told = (answer.result?.text ?? "") + (answer.error ?? "")
        for secret in ["mysqld", "secret reason", folder.path] { #expect(!told.contains(secret)) }
        #expect(watcher.book.openIncidents.count == 1 && watcher.book.silences.count == 1)
        // Root, and the user that the watcher runs as.
        for peer in [me, ControlPeer(pid: 1, uid: geteuid(), gid: 4_000_000)] where command != "none" {
            let again = watcher.answer(to: command, arguments, from: peer)
            if command == "status" { #expect(again.result?["sources"] != nil && again.result?["limited"] == nil) }
            #expect(again.kind != .denied)
        }
    }

    @Test(
        arguments: [
            ("oom", nil, nil), ("oon", "there is no rule 'oon'; did you mean 'oom'?", nil),
            ("nosuch", "there is no rule 'nosuch'", nil), ("herald-file-gap", nil, nil),
            ("herald-file-gab", "there is no rule 'herald-file-gab'; did you mean 'herald-file-gap'?", nil),
            ("oo*", nil, nil), ("zz*", nil, "'zz*' fits no rule that there is"), ("*", nil, nil),
        ] as [(String, String?, String?)])
    func `A silence of a rule that is not there is refused, with a watcher and without`(
        rule: String, fault: String?, warning: String?
    ) throws {
        let folder = try WatcherFolder()
        let settings = try folder.settings()
        let arguments: JSON = ["rule": .string(rule), "for": "4h", "comment": "x"]
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            let answer = watcher.answer(to: "silence-add", arguments, from: me)
            #expect(answer.error == fault)
            #expect(answer.result?["warning"]?.string == warning)
        }
        let answer = try WatcherState(settings).answer(to: "silence-add", arguments, at: folder.time.wall)
        #expect(answer.error == fault)
        #expect(answer.result?["warning"]?.string == warning)
    }

    @Test func `What the rules' file does not hold any more is silenced while an incident of it is open`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        watcher.matchers = MatcherPair(try Matcher(RuleSet.read(files: []).0))
        #expect(watcher.answer(to: "silence-add", ["rule": "oom", "for": "1h", "comment": "x"], from: me).error == nil)
        #expect(
            watcher.answer(to: "silence-add", ["rule": "raid", "for": "1h", "comment": "x"], from: me).error != nil)
    }

    @Test func `Every notice of Herald's own has an id that silences know`() {
        let all = OwnNotice.rules
        for kind in SourceNotice.Kind.allCases {
            for source in [Source.journal(""), .file("/a")] {
                let notice = OwnNotice.occurrence(
                    of: SourceNotice(source, kind, "x"), localHost: "h", at: Timestamp(seconds: 0))
                if let id = notice?.rule.id { #expect(all.contains(id)) }
            }
        }
        #expect(all.count == 12, "\(all.sorted())")
    }

    @Test(
        arguments: [
            (["for": "4h", "comment": "x"], "say what to silence"),
            (["rule": "x*", "for": "0s", "comment": "x"], "ends in the future"),
            (["rule": "x*", "for": "400d", "comment": "x"], "within a year"),
            (["rule": "x*", "comment": "x"], "has an end"),
            (["rule": "x*", "for": "4h", "until": 9_000_000_000_000_000, "comment": "x"], "has an end"),
            (["rule": "x*", "for": "4", "comment": "x"], "is no duration"),
            (["incident": 7, "for": "4h", "comment": "x"], "no incident 7"),
            (["rule": "x*", "for": "4h"], "says why"), (["rule": "x*", "for": "4h", "comment": " \t"], "says why"),
            (["rule": "x*", "host": "db?", "unit": "a.service", "for": "4h", "comment": "x"], nil),
        ] as [(JSON, String?)])
    func `A silence has an end, something to silence and a reason`(arguments: JSON, fault: String?) throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        let error = watcher.answer(to: "silence-add", arguments, from: me).error
        #expect(fault.map { error?.contains($0) == true } ?? (error == nil), "\(error ?? "it was taken")")
    }

    @Test func `A silence that is removed lets go at once what it kept; one with a date ends then`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let end = folder.time.wall + .seconds(1800)
        _ = watcher.answer(to: "silence-add", ["rule": "oom", "for": "1h", "comment": "x"], from: me)
        _ = watcher.answer(
            to: "silence-add", ["rule": "raid", "until": .int(end.microseconds), "comment": "x"], from: me)
        try folder.append(WatcherTests.oom, "md0: disk failure")
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        #expect(watcher.answer(to: "silence-remove", ["id": 1], from: me).error == nil)
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
        folder.pass(.seconds(1801))
        watcher.settle(folder)
        #expect(try folder.newHits() == 2)
    }

    @Test func `More recipients than a letter can have get several letters, and nothing is refused`() throws {
        let folder = try WatcherFolder()
        var settings = try folder.settings()
        let one = settings.report.recipients[0]
        settings.report.recipients = try (0..<2300).map { number in
            var recipient = one
            recipient.email = try EmailAddress("admin\(number)@example.org")
            return recipient
        }
        let watcher = try folder.watcher(settings)
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        let letters = try folder.letters()
        #expect(letters.map(\.envelope.recipients.count).sorted() == [300, 1000, 1000])
        #expect(Set(letters.flatMap(\.envelope.recipients)).count == 2300)
        #expect(watcher.status["problems"]?.array?.isEmpty == true)
    }

    @Test func `Reports are held as long as they are to be`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 0s, hold: 2m"))
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        let letter = try #require(try folder.letters().first)
        #expect(letter.notBefore == letter.created + .seconds(120))
    }

    @Test func `A rule that hits every line is named, and its letters are few`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 0s, min_severity: warning"))
        watcher.settle(folder)
        for _ in 0..<20 {
            try folder.append(Array(repeating: "noise", count: 200).joined(separator: "\n"))
            watcher.settle(folder)
            folder.pass(.seconds(10))
        }
        let problems = (watcher.status["problems"]?.array ?? []).compactMap(\.string)
        #expect(problems.contains { $0.contains("the rule noise hit 4000 of 4000 lines") }, "\(problems)")
        #expect(try folder.letters().count <= 2)
    }

    @Test(arguments: [365, -365])
    func `A clock that is set by a year loses nothing, floods nobody and puts nothing off`(days: Int64) throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 10s"))
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        folder.setClock(by: .seconds(days * 86400))
        watcher.settle(folder)
        #expect(try folder.letters().isEmpty)
        folder.pass(.seconds(11))
        watcher.settle(folder)
        #expect(try folder.newHits() == 1)
        try folder.append(WatcherTests.oom, "md0: disk failure")
        folder.pass(.seconds(301))
        watcher.settle(folder)
        folder.pass(.seconds(11))
        watcher.settle(folder)
        #expect(try folder.newHits() == 3)
        #expect(try folder.letters().count == 3)
    }

    @Test func `What is over is not called silenced or kept quiet`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append(WatcherTests.oom, "md0: disk failure", "md1: disk failure")
        watcher.settle(folder)
        _ = watcher.answer(to: "silence-add", ["host": "*", "for": "1h", "comment": "x"], from: me)
        _ = watcher.answer(to: "incident-resolve", ["id": 1], from: me)
        try folder.append("md0: recovery done")
        watcher.settle(folder)
        let all = try #require(watcher.answer(to: "incident-list", ["all": true], from: me).result?.array)
        let silences = all.map { [$0["state"]?.string ?? "", $0["silence"]?.int.map { String($0) } ?? "none"] }
        #expect(Set(silences) == [["resolved", "none"], ["recovered", "none"], ["open", "1"]])
        let shown = try #require(watcher.answer(to: "incident-show", ["id": 1], from: me).result)
        #expect(shown["state"]?.string == "resolved" && shown["silence"]?.isNull == true)
    }

    @Test func `A silence says what it silences in the same words in the list and in the letter`() throws {
        let folder = try WatcherFolder()
        let watcher = try folder.watcher(try folder.settings("group_wait: 0s, max_per_hour: 1, heartbeat: daily 07:00"))
        watcher.settle(folder)
        try folder.append(WatcherTests.oom)
        watcher.settle(folder)
        let arguments: JSON = ["incident": 1, "for": "2d", "comment": "memory is ordered"]
        _ = watcher.answer(to: "silence-add", arguments, from: me)
        let words = "incident 1 (Out of memory: mysqld was killed)"
        let list = watcher.answer(to: "silence-list", .object([]), from: me).result?.array
        #expect(list?.first?["what"]?.string == words && list?.first?["comment"]?.string == "memory is ordered")
        // Two more that the cap holds back make a digest, which lists it; and so does the heartbeat.
        try folder.append("md0: disk failure", "md1: disk failure")
        watcher.settle(folder)
        folder.pass(.seconds(3700))
        watcher.settle(folder)
        folder.pass(.seconds(86400))
        watcher.settle(folder)
        try folder.expectInDigestAndHeartbeat("\(words) until")
        try folder.expectInDigestAndHeartbeat(": memory is ordered")
    }
}
