import Formats
import Glibc
import Platform
import TestSupport
import Testing

/// `herald rules` and `herald scan` as people and scripts use them.
@Suite struct RulesCommandTests {
    private let folder: TemporaryFolder
    private static let rules = #"""
        rules:
          - id: disk-failed
            title: "The disk {disk} failed"
            severity: critical
            match: 'disk (?<disk>sd[a-z]) failed'
            unless: 'in a drill'
            examples:
              match: ['Nov 21 12:41:14 web1 kernel: disk sda failed']
              no_match: ['Nov 21 12:41:14 web1 kernel: disk sda failed in a drill']
          - id: fan-stopped
            title: "A fan stopped"
            severity: warning
            match: 'fan [0-9]+ stopped'
            where: {identifier: fand}
        """#

    init() throws {
        folder = try TemporaryFolder()
        try Files.makeDirectories(folder("rules"))
        try Files.write(Self.rules.utf8, to: folder("rules/own.yaml"))
    }

    private func herald(_ arguments: [String], input: [UInt8] = []) throws -> HeraldRun {
        try HeraldRun(arguments, input: input, environment: ["XDG_CACHE_HOME=\(folder("cache"))", "TZ=UTC"])
    }

    private var own: [String] { ["--rules", folder("rules")] }

    // MARK: herald scan

    private static let log = """
        Nov 21 12:41:14 web1 kernel: disk sda failed\r
        Nov 21 12:41:15 web1 app: all is well

        Nov 21 12:41:16 web1 fand[7]: fan 2 stopped
        Nov 21 12:41:17 web1 kernel: disk sdb failed in a drill
        Nov 21 12:41:18 web1 kernel: disk sdc failed
        """

    @Test("a scan names file, line, severity, rule and title, and sums up") func text() throws {
        try Files.write(Self.log.utf8, to: folder("one.log"))
        try Files.write("quiet\n".utf8, to: folder("two.log"))
        let answer = try herald(["scan", folder("one.log"), folder("two.log")] + own)
        #expect(answer.code == .exited(0), "\(answer.errors)")
        for line in [
            "\(folder("one.log")):1: critical disk-failed: The disk sda failed",
            "\(folder("one.log")):4: warning fan-stopped: A fan stopped",
            "\(folder("one.log")):6: critical disk-failed: The disk sdc failed",
            "3 lines of 7 hit, by 2 rules (2 sources, 7 lines):",
            "critical  2     disk-failed  \(folder("one.log")):1",
        ] {
            #expect(answer.output.split(separator: "\n").contains { $0 == line }, "\(line)\n\(answer.output)")
        }
    }

    @Test("programs get one object for each hit, from standard input too") func json() throws {
        let answer = try herald(["scan", "--json", "-"] + own, input: Array(Self.log.utf8))
        #expect(answer.code == .exited(0))
        let objects = try answer.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
        #expect(objects.map { $0["line"]?.int } == [1, 4, 6])
        #expect(objects.first?["file"]?.string == "-")
        #expect(objects.first?["rule"]?.string == "disk-failed")
        #expect(objects.first?["severity"]?.string == "critical")
        #expect(objects.first?["title"]?.string == "The disk sda failed")
        #expect(objects.first?["captures"]?["disk"]?.string == "sda")
        // A version and 128 bits.
        #expect(objects.allSatisfy { $0["incident"]?.string?.count == 34 })
        #expect(objects.first?["incident"] != objects.last?["incident"])
        #expect(objects.first?["inhibits"]?.array?.isEmpty == true)
        #expect(objects.first?["text"]?.string == "Nov 21 12:41:14 web1 kernel: disk sda failed\r")
    }

    @Test(
        "what is asked for is what is told",
        arguments: [
            (["--count"], "3"), (["--count", "--rule", "disk-failed"], "2"),
            (["--count", "--min-severity", "error"], "2"),
            (["--count", "--rule", "fan-stopped", "--min-severity", "alert"], "0"),
        ])
    func filters(options: [String], expected: String) throws {
        let answer = try herald(["scan", "-"] + options + own, input: Array(Self.log.utf8))
        #expect(answer.output == expected + "\n", "\(answer.errors)")
    }

    @Test("without a hit the exit code is 0; a file that cannot be read is 2, and the others are scanned all the same")
    func exitCodes() throws {
        try Files.write(Self.log.utf8, to: folder("one.log"))
        let quiet = try herald(["scan", "-"] + own, input: Array("quiet".utf8))
        #expect(quiet.code == .exited(0))
        #expect(quiet.output == "No line is hit (1 source, 1 line).\n")
        let missing = try herald(["scan", "--count", folder("none.log"), folder.path, folder("one.log")] + own)
        #expect(missing.code == .exited(2))
        #expect(missing.output == "\(folder("one.log")):3\n")
        #expect(missing.errors.contains("none.log") && missing.errors.contains("No such file"))
        #expect(missing.errors.contains("Is a directory"))
        for wrong in [["scan"], ["scan", "-", "--json", "--count"], ["scan", "-", "--min-severity", "bad"]] {
            #expect(try herald(wrong + own).code == .exited(2), "\(wrong)")
        }
        let unknown = try herald(["scan", "-", "--rule", "disk-faild"] + own)
        #expect(unknown.code == .exited(2))
        #expect(unknown.errors.contains("did you mean 'disk-failed'?"))
    }

    @Test("of a storm ten lines are shown, and all with --all; every one is counted") func storm() throws {
        let storm = Array(String(repeating: "kernel: disk sda failed\n", count: 5000).utf8)
        let answer = try herald(["scan", "-"] + own, input: storm)
        #expect(answer.output.split(separator: "\n").filter { $0.hasPrefix("-:") }.count == 10)
        #expect(answer.output.contains("5000 lines of 5000 hit, by 1 rule"))
        #expect(answer.output.contains("the first 10 of each rule; --all shows every one"))
        let all = try herald(["scan", "--all", "-"] + own, input: storm)
        #expect(all.output.split(separator: "\n").filter { $0.hasPrefix("-:") }.count == 5000)
    }

    // MARK: herald rules

    @Test("the examples are tried, and one that fails is named with its place") func test() throws {
        let good = try herald(["rules", "test"] + own)
        #expect(good.code == .exited(0), "\(good.output)\(good.errors)")
        #expect(good.output.hasPrefix("2 rules, 2 examples, all right, 1 rule without an example ("))
        let text = Self.rules + "\n    examples: {match: ['Nov 21 12:41:14 web1 fand[7]: fan two stopped']}\n"
        try Files.write(text.utf8, to: folder("rules/own.yaml"))
        let bad = try herald(["rules", "test"] + own)
        #expect(bad.code == .exited(1))
        #expect(bad.output.contains("own.yaml:15:24: rule 'fan-stopped' does not hit its example"), "\(bad.output)")
        #expect(bad.output.contains("2 rules, 3 examples, 1 failed"))
        #expect(try herald(["rules", "test", "--rule", "disk-failed"] + own).code == .exited(0))
        let json = try herald(["rules", "test", "--json"] + own)
        let objects = try json.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
        #expect(objects.first?["line"]?.int == 15)
        #expect(objects.last?["failed"]?.int == 1)
    }

    @Test("a rule that is shown can be put into a file of one's own") func show() throws {
        let answer = try herald(["rules", "show", "disk-failed"] + own)
        #expect(answer.output.hasPrefix("# \(folder("rules/own.yaml")):2\n"))
        try Files.makeDirectories(folder("mine"))
        try Files.write(answer.output.utf8, to: folder("mine/own.yaml"))
        let both = own + ["--rules", folder("mine")]
        let list = try herald(["rules", "list", "--json"] + both)
        let objects = try list.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8)) }
        #expect(objects.map { $0["rule"]?.string } == ["disk-failed"])
        #expect(objects.first?["file"]?.string == folder("mine/own.yaml"))
        #expect(objects.first?["enabled"]?.bool == true)
        let shown = try herald(["rules", "show", "disk-failed"] + both)
        #expect(shown.output.contains("# its file replaces \(folder("rules/own.yaml"))"))
        #expect(try herald(["rules", "show", "fan-stopped"] + both).code == .exited(2))
    }

    @Test("the rules are those of the settings, switched off ones named as such") func ofSettings() throws {
        let settings = """
            report: {to_email: a@example.org}
            watch: {rules: [\(folder("rules"))], disabled_rules: [fan-stopped]}
            paths: {run: \(folder.path)}
            """
        try Files.write(settings.utf8, to: folder("herald.yaml"))
        let config = ["--config", folder("herald.yaml")]
        let list = try herald(["rules", "list"] + config)
        #expect(list.output.contains("fan-stopped  (off)"), "\(list.output)\(list.errors)")
        #expect(list.output.contains("1 rule in 1 file (1 critical), 1 switched off."))
        let scan = try herald(["scan", "--count", "-"] + config, input: Array(Self.log.utf8))
        #expect(scan.output == "2\n")
        let explain = try herald(["rules", "explain", "Nov 21 12:41:16 web1 fand[7]: fan 2 stopped"] + config)
        #expect(explain.output.contains("it is switched off by 'disabled_rules'"), "\(explain.output)")
    }

    @Test("explain says what hits, what nearly does and why") func explain() throws {
        let hit = try herald(["rules", "explain", "Nov 21 12:41:14 web1 kernel: disk sda failed"] + own)
        #expect(hit.code == .exited(0))
        for words in [
            "identifier kernel", "message: disk sda failed", "disk-failed: critical: The disk sda failed",
            "{disk}  'sda'",
            "grouped   by rule, host web1, file -, message 'disk ",
        ] {
            #expect(hit.output.contains(words), "\(words)\n\(hit.output)")
        }
        let near = try herald(
            ["rules", "explain", "--json", "--field", "identifier=fanctl", "fan 2 stopped"] + own)
        let object = try JSON.parse(Array(near.output.utf8.dropLast()))
        #expect(object["matches"]?.array?.isEmpty == true)
        #expect(object["near"]?.array?.first?["rule"]?.string == "fan-stopped")
        #expect(
            object["near"]?.array?.first?["reasons"]?.array?.compactMap(\.string) == [
                "'where' wants that identifier is fand, and here it is 'fanctl'"
            ])
        let lines = try herald(
            ["rules", "explain", "--json", "-"] + own, input: Array("fan 1\n\ndisk sdx failed in a drill".utf8))
        #expect(lines.output.split(separator: "\n").count == 3)
        for wrong in [["--field", "unti=x"], ["--field", "unit"], ["--field", "uid=root"], ["--rule", "none"]] {
            #expect(try herald(["rules", "explain", "x"] + wrong + own).code == .exited(2), "\(wrong)")
        }
    }

    @Test("two at once with one cache, and one whose folder cannot be written, find the same") func cache() throws {
        let output = try Descriptor.open(folder("out"), O_WRONLY | O_APPEND | O_CREAT)
        let arguments = ["\(TestSite.programs)/herald", "rules", "test"] + own
        let environment = ["XDG_CACHE_HOME=\(folder("cache"))"]
        let children = try (0..<4).map { _ in
            try RunningProcess(arguments, environment: environment, output: output)
        }
        for child in children { #expect(child.wait(atMost: .seconds(60)) == 0) }
        // The search for the rules' patterns, and that for their exceptions.
        let kept = try Files.list(folder("cache/herald"))
        #expect(kept.count == 2 && kept.allSatisfy { $0.hasSuffix(".hsdb") }, "\(kept)")
        let none = try RunningProcess(arguments, environment: ["XDG_CACHE_HOME=/proc/none"], output: output)
        #expect(none.wait(atMost: .seconds(60)) == 0)
        let told = String(decoding: try Files.read(folder("out")), as: UTF8.self)
        #expect(told.split(separator: "\n").filter { $0.contains("all right") }.count == 5, "\(told)")
    }
}
