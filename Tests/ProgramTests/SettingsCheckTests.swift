// What `herald check` says of settings that are right and not wise.

import Formats
import Platform
import Settings
import TestSupport
import Testing

@testable import herald

@Suite struct SettingsCheckTests {
    @Test(
        "the files that rsyslog and syslog-ng write are found in their configuration",
        arguments: [
            ("*.*;auth,authpriv.none\t\t-/var/log/syslog", "/var/log/syslog"),
            ("auth,authpriv.*\t\t\t/var/log/auth.log", "/var/log/auth.log"),
            (" kern.* -/var/log/kern.log;RSYSLOG_FileFormat", "/var/log/kern.log"),
            (#"*.info action(type="omfile" file="/var/log/all.log")"#, "/var/log/all.log"),
            (#"action(type="omfile" File="/var/log/all.log" template="x")"#, "/var/log/all.log"),
            (#"destination d_syslog { file("/var/log/syslog"); };"#, "/var/log/syslog"),
            (#"# *.* /var/log/syslog"#, nil), ("*.emerg :omusrmsg:*", nil), ("*.* @loghost:514", nil),
            (#"file("/var/log/$HOST/all")"#, nil), ("module(load=\"imuxsock\")", nil),
            ("$WorkDirectory /var/spool/rsyslog", nil),
            ("*.* /var/log/dos.log\r", "/var/log/dos.log"),
            ("*.* /dev/console", nil), ("*.=debug;\\", nil),
        ])
    func syslogFiles(line: String, path: String?) {
        let found = SyslogFile.parse("# a comment\n" + line + "\n", file: "/etc/rsyslog.conf")
        #expect(found == (path.map { [SyslogFile(path: $0, place: "/etc/rsyslog.conf:2")] } ?? []))
    }

    @Test("a watched file that is written from the journal is warned of, where the journal is read")
    func twice() throws {
        let folder = try TemporaryFolder()
        for (journal, files, warned) in [
            (true, "[{path: /var/log/syslog}]", true), (true, "[{path: /var/log/*log}]", true),
            (false, "[{path: /var/log/syslog}]", false), (true, "[{path: /var/log/nginx/*.log}]", false),
        ] {
            let path = folder.path + "/herald.yaml"
            let text = """
                report: {to_email: a@example.org}
                smtp: {accounts: [{name: a, server: localhost, security: none}]}
                watch:
                  journal: {enabled: \(journal)}
                  files: \(files)
                """
            try Files.write(text.utf8, to: path)
            let reading = Settings.examine(path)
            var check = SettingsCheck(reading)
            check.checkTwice(
                try #require(reading.partial), [SyslogFile(path: "/var/log/syslog", place: "/etc/rsyslog.conf:60")])
            let said = check.faults.map(\.description).filter { $0.contains("told twice") }
            #expect(said.count == (warned ? 1 : 0), "\(files)")
            if warned {
                #expect(said[0].hasPrefix("\(path):5:") && said[0].contains("/etc/rsyslog.conf:60"), "\(said)")
            }
        }
    }

    @Test(
        "what no recipient wants is warned of, with the rules and the most severe of them",
        arguments: [
            ("A, to_email: a@example.org", "critical", nil),
            (
                "[{email: a@example.org, min_severity: emergency}, {email: b@example.org, rules: ['ae*']}]", "critical",
                "find, up to critical"
            ),
            (
                "[{email: a@example.org, min_severity: emergency}, {email: b@example.org, rules: ['ae*', 'herald-*']}]",
                "emergency", nil
            ),
            ("[{email: a@example.org}, {email: b@example.org, min_severity: warning, rules: ['disk']}]", "error", nil),
            ("[{email: a@example.org, rules: ['herald-*', disk]}]", "critical", "no recipient wants what 1 rule finds"),
            (
                "[{email: a@example.org, enabled: false}, {email: b@example.org, rules: ['ae*', 'herald-*']}]",
                "critical",
                "disk (critical)"
            ),
            ("[{email: b@example.org, rules: ['ae*', disk]}]", "critical", "herald-file-gap (critical)"),
        ] as [(String, String, String?)])
    func unheard(to: String, least: String, said: String?) throws {
        let folder = try TemporaryFolder()
        try Files.makeDirectories(folder.path + "/rules")
        try Files.write(
            """
            rules:
              - {id: ae, title: A, severity: critical, match: 'AE'}
              - {id: disk, title: D, severity: critical, match: 'disk'}
              - {id: odd, title: O, severity: warning, match: 'odd'}
            """.utf8, to: folder.path + "/rules/own.yaml")
        let path = folder.path + "/herald.yaml"
        let text = """
            report: {min_severity: \(least), to: \(to)}
            smtp: {accounts: [{name: a, server: localhost, security: none}]}
            watch: {rules: [\(folder.path)/rules]}
            """
        try Files.write(text.utf8, to: path)
        var check = SettingsCheck(Settings.examine(path))
        check.run()
        let found = check.faults.map(\.description).filter { $0.contains("no recipient wants") }
        #expect(found.count == (said == nil ? 0 : 1), "\(found)")
        if let said {
            #expect(found.first?.contains(said) == true && found.first?.hasPrefix("\(path):1:") == true, "\(found)")
        }
    }

    /// A check of settings with this `watch`, in a folder with one rule; FOLDER stands for it.
    private func check(_ watch: String, _ folder: TemporaryFolder) throws -> HeraldRun {
        try Files.makeDirectories(folder("rules"))
        try Files.write(
            "rules:\n  - {id: fault, title: A fault, severity: critical, match: FAULT}\n".utf8,
            to: folder("rules/own.yaml"))
        let text = """
            report: {to_email: a@example.org}
            smtp: {accounts: [{name: a, server: localhost, security: none}]}
            aliases: [{description: a, address: a@example.org, default: true}]
            paths: {state: FOLDER/state, spool: FOLDER/spool, run: FOLDER/run}
            watch:
            \(watch)
            """
        try Files.write(text.replacing("FOLDER", with: folder.path).utf8, to: folder("herald.yaml"))
        return try HeraldRun(["check", "--config", folder("herald.yaml")])
    }

    @Test(
        "a pattern of multiline is compiled as the watcher does; neither takes a wrong one, and both say where: exit 2")
    func multiline() throws {
        let folder = try TemporaryFolder()
        let watch = """
              journal: {enabled: false}
              rules: [FOLDER/rules]
              files:
                - {path: FOLDER/a.log, multiline: {start: '('}}
                - {path: FOLDER/b.log, multiline: {continue: '[z-a]'}}
            """
        for name in ["a.log", "b.log"] { try Files.write("".utf8, to: folder(name)) }
        let run = try check(watch, folder)
        #expect(run.code == .exited(2))
        for words in ["herald.yaml:9:", "missing closing parenthesis", "herald.yaml:10:", "2 errors"] {
            #expect(run.errors.contains(words), "\(words): \(run.errors)")
        }
        let child = ChildProcess(
            ["\(TestSite.programs)/herald-watcher", "--config", folder("herald.yaml"), "--until-idle"],
            deadline: .seconds(60))
        let watcher = try child.run(input: [])
        #expect(watcher.ending == .exited(2))
        let said = String(decoding: watcher.errors + watcher.output, as: UTF8.self)
        #expect(said.contains("herald.yaml:9:") && said.contains("herald.yaml:10:"), "\(said)")
    }

    @Test("faults stand in the order of the lines; of a relative path one is enough; a log has the level once")
    func order() throws {
        let folder = try TemporaryFolder()
        let run = try check(
            """
              rules: [FOLDER/rules]
              journal: {enabled: false}
              disabled_rules: [falt]
              files:
                - {path: 'relative/*.log'}
                - {path: '/srv/**/x.log'}
            """, folder)
        let lines = run.errors.split(separator: "\n").map(String.init)
        let places = lines.compactMap { $0.firstMatch(of: /herald\.yaml:(\d+):/).flatMap { Int($0.1) } }
        #expect(places.count >= 3 && places == places.sorted(), "\(run.errors)")
        #expect(lines.count { $0.contains("relative") } == 1, "\(run.errors)")
        let child = ChildProcess(
            ["\(TestSite.programs)/herald-watcher", "--config", folder("herald.yaml"), "--until-idle"],
            deadline: .seconds(60))
        let watcher = try child.run(input: [])
        let said = String(decoding: watcher.errors + watcher.output, as: UTF8.self)
        #expect(said.contains("herald-watcher: error: \(folder("herald.yaml")):10:"), "\(said)")
        #expect(said.contains("herald-watcher: warning: \(folder("herald.yaml")):11:"), "\(said)")
        #expect(!said.contains(": warning: `"), "\(said)")
    }

    @Test(
        "a site in which nothing would be found is warned of, with the place",
        arguments: [
            (
                "  rules: [FOLDER/none]\n  files: []",
                "herald.yaml:7:10: warning: there are no rules: nothing is looked for"
            ),
            ("  rules: [FOLDER/rules]\n  files: [{path: FOLDER/gone/x.log}]", "FOLDER/gone/x.log is not there"),
            ("  rules: [FOLDER/rules]\n  files: [{path: FOLDER/gone/*.log}]", "the folder FOLDER/gone is not there"),
            ("  rules: [FOLDER/rules]\n  files: [{path: FOLDER/none}]", "FOLDER/none is no file"),
            ("  rules: [FOLDER/rules]\n  files: [{path: FOLDER/**/x.log}]", "`**` names folders of one depth"),
            ("  rules: [FOLDER/rules]\n  files: [{path: FOLDER/*.log}, {path: FOLDER/here.log}]", nil),
            ("  rules: [FOLDER/rules]\n  disabled_rules: [falt]", "there is no rule 'falt'; did you mean 'fault'?"),
            ("  rules: [FOLDER/rules]\n  disabled_rules: [herald-file-gab]", "did you mean 'herald-file-gap'?"),
            ("  rules: [FOLDER/rules]\n  disabled_rules: [herald-file-gap, fault]", nil),
        ] as [(String, String?)])
    func nothing(watch: String, warning: String?) throws {
        let folder = try TemporaryFolder()
        try Files.makeDirectories(folder("none"))
        try Files.write("".utf8, to: folder("here.log"))
        let run = try check("  journal: {enabled: false}\n" + watch, folder)
        #expect(run.code == .exited(0), "\(run.errors)")
        if let warning {
            let words = warning.replacing("FOLDER", with: folder.path)
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(run.output.contains("no error, 1 warning"), "\(run.output)\(run.errors)")
        } else {
            #expect(run.output.contains("all is well") && run.errors.isEmpty, "\(run.errors)")
        }
    }

    @Test(
        "a directory of journals in which nothing is read is warned of",
        arguments: [("", true), ("web1", true), (String(repeating: "ab", count: 16), false)])
    func journals(subfolder: String, isWarned: Bool) throws {
        let folder = try TemporaryFolder()
        try Files.makeDirectories(folder("journals/" + subfolder))
        if !subfolder.isEmpty { try Files.write("".utf8, to: folder("journals/\(subfolder)/system.journal")) }
        let journals = folder("journals")
        let run = try check("  journal: {enabled: false, directories: [\(journals)]}\n  rules: [FOLDER/rules]", folder)
        #expect(run.code == .exited(0), "\(run.errors)")
        let words = "no journal file is in \(journals), nor in a subdirectory named after a machine"
        #expect(run.errors.contains(words) == isWarned, "\(run.errors)")
    }
}
