// `herald status` and the lists, as a person reads them.

import Control
import Formats
import Glibc
import Logging
import Platform
import TestSupport
import Testing

@testable import herald

@Suite struct StatusScreenTests {
    private static func incident(_ id: Int64, _ more: [(String, JSON)] = []) -> JSON {
        var members = [
            JSON.Member("id", .int(id)), JSON.Member("state", "open"), JSON.Member("severity", "critical"),
            JSON.Member("title", "App error"), JSON.Member("host", "web1"), JSON.Member("place", "/var/log/app.log"),
            JSON.Member("rule", "app-error"), JSON.Member("hits", 3), JSON.Member("not_told", 0),
            JSON.Member("last_seen", "2026-11-21T12:41:14Z"), JSON.Member("line", .string("line \(id)")),
        ]
        for (name, value) in more {
            members.removeAll { $0.name == name }
            members.append(JSON.Member(name, value))
        }
        return .object(members)
    }

    @Test("incidents of one rule are told apart by place, and at one place by the line") func apart() {
        let rows = IncidentTables.incidents([
            Self.incident(1), Self.incident(2), Self.incident(3, [("place", "/var/log/other.log")]),
            Self.incident(4, [("title", "Another")]),
        ])
        let column = { (name: String) in rows.map { $0[rows[0].firstIndex(of: name) ?? 0] }.dropFirst() }
        #expect(Array(column("TITLE")) == ["App error: line 1", "App error: line 2", "App error", "Another"])
        #expect(Set(column("PLACE")) == ["/var/log/app.log", "/var/log/other.log"])
        #expect(Set(rows.dropFirst().map { $0.dropFirst().joined() }).count == 4)
    }

    @Test(
        "the sentence at the end",
        arguments: [
            (["open_incidents": 0, "silences": [], "incidents": []], "Herald is well; no incident is open."),
            (
                ["open_incidents": 1, "silences": [["rule": "a*"]], "incidents": [["severity": "critical"]]],
                "Herald is well; 1 incident is open; 1 silence."
            ),
            (
                [
                    "open_incidents": 4, "incidents": [["severity": "emergency"], ["severity": "error"]],
                    "silences": [
                        ["what": "everything on *", "host": "*"], ["rule": "a"], ["incident": 1, "fingerprint": "ab"],
                    ],
                ],
                "Herald is well; 4 incidents are open (1 emergency); 3 silences, one of everything."
            ),
            (
                [
                    "open_incidents": 202, "incidents": [], "silences": [["rule": "*"]],
                    "open_by_severity": ["emergency": 0, "alert": 2, "critical": 200],
                ], "Herald is well; 202 incidents are open (2 alert); 1 silence of everything."
            ),
        ] as [(JSON, String)])
    func verdict(watcher: JSON, sentence: String) { #expect(StatusScreen.verdict(watcher) == sentence) }

    private static let watcher: JSON = [
        "daemon": "herald-watcher", "version": "1", "pid": 7, "since": "2026-11-21T12:00:00.000Z", "rules": 1,
        "sources": [
            ["name": "/var/log/a\u{1b}.log", "state": "unreadable", "fault": "no permission"],
            ["name": "journal", "state": "well", "at_end": true],
            ["name": "journal in /far", "state": "well", "behind_entries": 900, "at_end": false],
            ["name": "/var/log/b.log", "state": "well", "behind_bytes": 12],
            ["name": "/c.log", "state": "well", "rotated": ["/c.log.1", "/c.log.old"]],
            ["name": "/c-1.log", "state": "held back", "copy_of": "/c.log"],
        ],
        "open_incidents": 12, "incidents": .array((1...11).map { incident($0) }),
        "silences": [
            [
                "id": 2, "what": "rule app-*", "until": "2026-11-21T16:00:00Z", "covers": 0, "comment": "",
                "author": "root", "fingerprint": nil, "created": "2026-11-21T12:00:00Z",
            ]
        ], "outbox_waits": 1, "hits": 1, "records": 100, "problems": ["x"], "new_figure": 7,
    ]

    @Test("a screen has tables and sentences, no keys; what is more is counted") func screen() {
        let lines = StatusScreen.lines(Self.watcher)
        let text = lines.joined(separator: "\n")
        for words in [
            "  1 rule; 1 hit in 100 lines since the last heartbeat", "  4 of 6 sources are read; 12 bytes of 2 not yet",
            "    /c-1.log: held back: it holds only what /c.log does, and may be a copy of it",
            "    journal in /far: 900 entries behind",
            "    /c.log: c.log.1 and 1 more are matched too, and taken for rotated files of it",
            "    /var/log/a\\u{1b}.log: unreadable: no permission", "    /var/log/b.log: 12 bytes behind",
            "  1 letter not yet handed over", "  and 4 more: herald incidents", "  new figure: 7",
        ] { #expect(lines.contains(words), "\(words)\n\(text)") }
        for word in ["fingerprint", "behind bytes", "created", "comment", "\u{1b}."] {
            #expect(!text.contains(word), "\(word)\n\(text)")
        }
        let heads = lines.filter { $0.hasPrefix("  ID") }
        #expect(heads.count == 2 && heads[0].contains("PLACE") && heads[1].contains("COVERS"))
        #expect(!StatusScreen.lines(["daemon": "herald-mailer", "pid": 1]).joined().contains("ID"))
        let account: JSON = ["name": "office", "server": "127.0.0.1:2525", "security": "none", "state": "well"]
        let mailer = StatusScreen.lines(["daemon": "herald-mailer", "pid": 1, "accounts": [account]])
        #expect(mailer.contains("  account office: 127.0.0.1:2525, no TLS; well"), "\(mailer)")
    }

    @Test("a long problem is what is the case, and beneath it why and what to do; no command is broken") func problem()
    {
        #expect(StatusScreen.problem("short (and well; known)") == ["  - short (and well; known)"])
        let paused =
            "account 'one' is paused: connect: cannot connect to 127.0.0.1:1 (really): Connection refused (the host is there, "
            + "and nothing (at all) listens on that port; check the account's port: 587 for STARTTLS, 465 for TLS)"
        #expect(
            StatusScreen.problem(paused) == [
                "  - account 'one' is paused: connect: cannot connect to 127.0.0.1:1 (really): Connection refused",
                "      the host is there, and nothing (at all) listens on that port",
                "      check the account's port: 587 for STARTTLS, 465 for TLS",
            ])
        let odd = String(repeating: "x", count: 100) + "))"
        #expect(StatusScreen.problem(odd) == ["  - " + odd])
    }

    @Test("the mailer's part: why an account is paused stands once, a letter that went elsewhere says so")
    func mailer() {
        let lines = StatusScreen.lines([
            "daemon": "herald-mailer", "pid": 1,
            "accounts": [
                ["name": "a", "server": "s:25", "security": "tls", "state": "paused", "fault": "no", "next_probe": nil]
            ],
            "last_sent": [
                "at": "2026-11-22T10:00:00Z", "recipient": "real@example.org", "redirected_to": "test@example.org",
                "subject": "s",
            ],
            "troubles": [
                ["id": "0123", "state": "failed", "recipient": "a@example.org", "subject": "s", "last_reply": "550 no"]
            ],
        ])
        #expect(lines.contains("  account a: s:25, tls; paused"), "\(lines)")
        #expect(lines.contains { $0.hasSuffix(" to test@example.org instead of real@example.org: s") }, "\(lines)")
        #expect(lines.contains("  0123 failed: a@example.org, s: 550 no"), "\(lines)")
    }

    @Test("while the state cannot be written it is said what waits, and nothing that all is read") func standstill() {
        var facts = Self.watcher.members ?? []
        facts.removeAll { $0.name == "sources" }
        facts += [
            JSON.Member("sources", [["name": "/b.log", "state": "well", "behind_bytes": 0, "at_end": true]]),
            JSON.Member(
                "standstill",
                [
                    "since": "2026-11-22T05:12:00.000Z", "reason": "the state cannot be written: the disk is full",
                    "records": 600, "hits": 1, "letters": 1,
                ]),
        ]
        let text = StatusScreen.lines(.object(facts)).joined(separator: "\n")
        #expect(text.contains(": the state cannot be written: the disk is full\n"), "\(text)")
        #expect(text.contains("    600 lines that were read wait in memory, with 1 hit, and 1 letter\n"), "\(text)")
        #expect(!text.contains("to the end") && !text.contains("standstill"), "\(text)")
    }

    @Test("times are by the host's clock with its offset, the one of summer in summer") func clock() throws {
        let rules = "rules:\n  - {id: fault, title: A fault, severity: critical, match: FAULT}\n"
        let site = try TestSite(
            settings: "report: {to_email: a@example.org}\nwatch: {journal: {enabled: false}, rules: [FOLDER/rules]}",
            rules: rules)
        try site.start("watcher")
        try site.awaitReady("watcher")
        func run(_ words: [String]) throws -> HeraldRun {
            try HeraldRun(words + ["--config", site.folder + "/herald.yaml"], environment: ["TZ=Europe/Berlin"])
        }
        let end = SystemClock.now() + .seconds(86400)
        let berlin = CivilTime(end, utcOffset: 3600)
        let asked = "\(berlin.year)-\(pad(berlin.month))-\(pad(berlin.day)) 07:00"
        let added = try run(["silence", "add", "--rule", "fault", "--until", asked, "--comment", "why"])
        #expect(added.output.hasPrefix("Silence 1, until \(asked):00+0"), "\(added.output)\(added.errors)")
        #expect(added.output.hasSuffix("; it covers 0 open incidents.\n"))
        #expect(try run(["silence", "list"]).output.contains("\(asked):00+0"))
        #expect(try run(["silence", "list", "--json"]).objects().first?["until"]?.string?.hasSuffix("Z") == true)
        #expect(try run(["status"]).output.contains("\(asked):00+0"))
        #expect(
            try run(["silence", "remove", "1"]).output
                == "Silence 1 (rule fault) is over; nothing was kept quiet by it.\n")
        let wrong = try run(["silence", "add", "--rule", "fault", "--for", "2y", "--comment", "why"])
        #expect(wrong.code == .exited(2))
        #expect(
            wrong.errors
                == "'2y' is no duration: write a number and its unit (s, m, h, d, or ms), such as 90s, 4h or 2d\n")
        let typo = try run(["silence", "add", "--rule", "falt", "--for", "2h", "--comment", "why"])
        #expect(typo.code == .exited(2) && typo.errors == "there is no rule 'falt'; did you mean 'fault'?\n")
        let star = try run(["silence", "add", "--rule", "zz*", "--for", "2h", "--comment", "why"])
        #expect(star.code == .exited(0) && star.errors == "warning: 'zz*' fits no rule that there is\n")
    }

    @Test("who may not ask is told so, with no remedy that is none; a daemon that does not run has its own")
    func remedies() throws {
        let site = try TestSite(settings: "report: {to_email: a@example.org}\nwatch: {journal: {enabled: false}}")
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let mailer = try ControlServer(path: site.folder + "/run/mailer.sock", log: log) { _ in
            .failure("only root and the group herald may ask the mailer for this", .denied)
        }
        defer { mailer.stop() }
        let run = try HeraldRun(["status", "--config", site.folder + "/herald.yaml"])
        #expect(run.code == .exited(1))
        #expect(
            run.output == """
                Needs a person:
                  - herald-watcher does not run: systemctl start herald-watcher
                      where it ends again, journalctl -u herald-watcher says why
                  - herald-mailer was not asked: only root and the group herald may ask the mailer for this

                """)
        let watcher = try ControlServer(path: site.folder + "/run/watcher.sock", log: log) { _ in
            .success([
                "daemon": "herald-watcher", "version": "1", "pid": 7, "rules": 5, "open_incidents": 2,
                "problem_count": 0, "limited": true,
            ])
        }
        defer { watcher.stop() }
        let limited = try HeraldRun(["status", "--config", site.folder + "/herald.yaml"])
        #expect(limited.output.contains("  5 rules\n  2 open incidents\n  more is for root and the group herald\n"))
        #expect(!limited.output.contains("herald-mailer 0") && limited.code == .exited(1))
    }
}
