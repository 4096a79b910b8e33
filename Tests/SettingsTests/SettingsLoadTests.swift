import Formats
import Mail
import Platform
import Rules
import Testing
import YAML

@testable import Settings

/// Loads texts as `herald.yaml` and further files of `conf.d`.
private func load(_ texts: String..., permissions: UInt32 = 0o600) -> (settings: Settings?, faults: [String]) {
    let files = texts.enumerated().map { index, text in
        ConfigurationFile(
            path: index == 0 ? "herald.yaml" : "conf.d/\(index).yaml", bytes: Array(text.utf8), permissions: permissions
        )
    }
    let (settings, diagnostics) = Settings.load(files, host: .init(mailName: "web1.example.org"))
    return (settings, diagnostics.map(\.description))
}

private let whole = """
    report:
      to: Administrator
      to_email: admin@example.org
      subject: "[{severity}] {host}: {title}"
    smtp:
      accounts:
        - name: office
          server: smtp.example.org
          security: starttls
          login: herald@example.org
          password_file: /etc/herald/secrets/office
    aliases:
      - {description: alerts, name: Herald on web1, address: herald@example.org, default: true}
      - {description: jobs, name: Applications at Example, address: jobs@example.org}
    watch:
      journal: {enabled: true}
      files:
        - path: /var/log/nginx/error.log
        - path: /var/log/app/*.log
          exclude: [/var/log/app/debug.log]
    respond:
      folders:
        - path: /srv/jobs/inbox/
          from: jobs
    """

@Suite struct SettingsLoadTests {
    @Test("a whole file is read, with every default in its place") func wholeFile() throws {
        let (loaded, faults) = load(whole)
        #expect(faults == [])
        let settings = try #require(loaded)
        #expect(settings.report.recipients.map(\.email.text) == ["admin@example.org"])
        #expect(settings.report.mailerName == "REM mailer")
        #expect(settings.report.groupWait == .seconds(10))
        let account = try #require(settings.smtp.accounts.first)
        #expect(account.port == 587 && account.security == .starttls)
        #expect(account.timeouts.finalReply == .seconds(600))
        #expect(account.password == .file("/etc/herald/secrets/office"))
        #expect(settings.defaultAlias.description == "alerts")
        #expect(settings.respond.folders.first?.outcomeDirectory == "/srv/jobs/inbox.herald")
        #expect(settings.paths.incoming("watcher") == "/var/spool/herald/incoming/watcher")
    }

    @Test("an empty file is enough; what is missing is warned of") func empty() throws {
        let (loaded, faults) = load("")
        let settings = try #require(loaded)
        #expect(settings.defaultAlias.address.text == "herald@web1.example.org")
        #expect(faults.count == 2 && faults.allSatisfy { $0.contains("warning: ") })
    }

    @Test("all mistakes are told at once, each with place and nearest name") func mistakes() {
        let (settings, faults) = load(
            """
            report:
              to_email: admin
              group_wait: 10
              colour: red
            smtp:
              accounts:
                - name: office
                  servr: a.example
                  prot: 25
                - name: office
                  server: b.example:465
                  security: starttls
                  login: x
            aliases:
              - description: a
                address: a@example.org
                acount: office
              - {description: b, address: b@example.org, account: ofice}
            paths: {state: here}
            """)
        #expect(settings == nil)
        let expected = [
            "herald.yaml:2:13: 'admin' is not an e-mail address",
            "herald.yaml:3:15: 'group_wait' must be a duration such as 90s, 5m, 4h, 2d or 2500ms, not '10' in 'report'; a bare number has no unit",
            "herald.yaml:4:3: unknown key 'colour' in 'report'",
            "herald.yaml:8:7: unknown key 'servr' in account 'office'; did you mean 'server'?",
            "herald.yaml:9:7: unknown key 'prot' in account 'office'; did you mean 'port'?",
            "'server' is missing in account 'office'",
            "herald.yaml:10:13: a second account 'office'",
            "port 465 and security 'starttls' disagree",
            "'password_file' is missing in account 'office'",
            "unknown key 'acount' in alias 'a'; did you mean 'account'?",
            "there is no account 'ofice'; did you mean 'office'?",
            "exactly one alias must have 'default: true', not 0",
            "'here' must be an absolute path",
        ]
        for text in expected { #expect(faults.contains { $0.contains(text) }, "\(text)\n\(faults)") }
    }

    @Test("conf.d is merged over the file: maps by key, lists by what names their items") func merging() throws {
        let (loaded, faults) = load(
            whole,
            """
            report: {group_wait: 0s}
            smtp: {accounts: [{name: office, port: 2525}, {name: spare, server: "[::1]:25", security: none}]}
            aliases: [{description: jobs, name: Karriere}]
            watch: {files: [{path: /var/log/more.log}], disabled_rules: [a]}
            """, "watch: {disabled_rules: [b]}")
        #expect(faults == [])
        let settings = try #require(loaded)
        #expect(settings.report.groupWait == .zero && settings.report.recipients.count == 1)
        #expect(settings.smtp.accounts.map(\.name) == ["office", "spare"])
        #expect(settings.smtp.accounts.map(\.port) == [2525, 25])
        #expect(settings.smtp.accounts.last?.server == "::1")
        #expect(settings.aliases.map(\.name) == ["Herald on web1", "Karriere"])
        #expect(
            settings.watch.files.map(\.path) == ["/var/log/nginx/error.log", "/var/log/app/*.log", "/var/log/more.log"])
        #expect(settings.watch.disabledRules == ["b"])
    }

    @Test("a literal password is refused where others may read the file") func literalPassword() {
        let text = "smtp: {accounts: [{name: a, server: a.example, login: x, password: secret}]}"
        #expect(load(text, permissions: 0o644).settings == nil)
        #expect(load(text, permissions: 0o640).faults.contains { $0.contains("others may read") })
        #expect(load(text, permissions: 0o600).settings?.smtp.accounts.first?.password == .literal("secret"))
    }

    @Test(
        "server, port and security fill in for each other",
        arguments: [
            ("server: m.example", 587, Settings.Security.starttls), ("server: m.example:465", 465, .tls),
            ("server: m.example:587", 587, .starttls), ("server: m.example, security: tls", 465, .tls),
            ("server: m.example, security: none", 25, .none), ("server: m.example, port: 465", 465, .tls),
            ("server: 192.0.2.1:2525", 2525, .starttls), ("server: '[2001:db8::1]:25'", 25, .starttls),
        ])
    func ports(text: String, port: Int, security: Settings.Security) throws {
        let account = try #require(load("smtp: {accounts: [{name: a, \(text)}]}").settings?.smtp.accounts.first)
        #expect(account.port == port)
        #expect(account.security == security)
    }

    @Test(
        "what is no server is refused",
        arguments: [
            "''", "'a b'", "'a:b'", "'a:99999'", "'[::1'", "'::1'", "'a/b'", "\"a\\r\\nRCPT\"", "'a@b'",
            "'m.example:25', port: 26",
            "'m.example', port: 465, security: starttls", "'m.example', port: 587, security: tls",
        ])
    func badServers(text: String) {
        #expect(load("smtp: {accounts: [{name: a, server: \(text)}]}").settings == nil)
    }

    @Test(
        "that `**` is no more than `*` is said, where it stands for a folder",
        arguments: [("**", 1), ("a**b", 0), ("*", 0)])
    func anyDepth(folder: String, count: Int) {
        let (settings, faults) = load("watch: {files: [{path: '/srv/\(folder)/x.log'}]}")
        #expect(settings != nil)
        #expect(faults.filter { $0.contains("warning: `**` names folders of one depth") }.count == count)
    }

    @Test(
        "a bracket that nothing closes is said",
        arguments: [
            ("app[0-9.log", 1), ("app[0-9].log", 0), ("[]x].log", 0), ("[!]].log", 0), ("[]", 1), ("a[b]c[", 1),
            ("[a/b].log", 1), ("a].log", 0), ("a\\[b", 0),
        ])
    func openBracket(name: String, count: Int) {
        let (settings, faults) = load("watch: {files: [{path: '/srv/\(name)'}]}")
        #expect(settings != nil)
        #expect(faults.filter { $0.contains("warning: a `[` without its `]`") }.count == count, "\(faults)")
    }

    @Test("settings that are not there are named once") func absent() {
        let faults = Settings.read("/none/h.yaml").diagnostics.map(\.description)
        #expect(
            faults == [
                "/none/h.yaml: cannot open it: No such file or directory; write one, or name another with --config"
            ])
    }

    @Test("a login without TLS is refused, unless it is allowed with a warning") func plaintextLogin() {
        let account = "name: a, server: a.example, security: none, login: x, password: y"
        #expect(load("smtp: {accounts: [{\(account)}]}").settings == nil)
        let (settings, faults) = load("smtp: {accounts: [{\(account), allow_plaintext_login: true}]}")
        #expect(settings != nil)
        #expect(faults.contains { $0.contains("warning: the password of account 'a' crosses the network") })
    }

    @Test("a subject's fields are checked, and what becomes a header stands on one line") func headerTexts() {
        let (settings, faults) = load(
            """
            report: {to: "a\\nb", to_email: a@example.org, subject: "{hst} {title", mailer_name: "x\\r\\nY: z"}
            aliases: [{description: a, name: "n\\0", address: a@example.org}]
            """)
        #expect(settings == nil)
        let expected = [
            "'subject' names the unknown field '{hst}' in 'report'; did you mean '{host}'?",
            "'subject' has a '{' that is not closed in 'report'", "'to' must be on one line",
            "'mailer_name' must be on one line", "'name' must be on one line, without control characters, in alias 'a'",
        ]
        for text in expected { #expect(faults.contains { $0.contains(text) }, "\(text)\n\(faults)") }
        let fields = Settings.Report.subjectFields.map { "{\($0)}" }.joined(separator: " ")
        #expect(load("report: {to_email: a@example.org, subject: '\(fields)'}").settings != nil)
    }

    @Test("the same file or folder twice, and outcomes within the folder, are refused") func twice() {
        let faults = load(
            """
            watch: {files: [{path: /a}, {path: /a}]}
            respond: {folders: [{path: /b, outcome_dir: /b/out}, {path: /b}]}
            """
        ).faults
        for text in ["a second file '/a'", "a second folder '/b'", "'outcome_dir' lies in the folder itself"] {
            #expect(faults.contains { $0.contains(text) }, "\(text)\n\(faults)")
        }
    }

    @Test("a list of recipients has its own severities and rules") func recipients() throws {
        let (loaded, _) = load(
            """
            report:
              to:
                - {name: On call, email: call@example.org, min_severity: alert}
                - {email: disks@example.org, rules: [kernel-*, disk-full]}
                - {email: off@example.org, enabled: false}
            """)
        let list = try #require(loaded).report.recipients
        #expect(list.map { $0.wants(rule: "kernel-oops", severity: .critical) } == [false, true, false])
        #expect(list.map { $0.wants(rule: "disk-full", severity: .emergency) } == [true, true, false])
        #expect(list.map { $0.wants(rule: "nginx-down", severity: .alert) } == [true, false, false])
    }

    @Test("a recipient's own min_severity holds, above the report's and below; without one the report's does")
    func recipientsSeverity() throws {
        let (loaded, _) = load(
            """
            report:
              min_severity: error
              to:
                - {email: more@example.org, min_severity: warning}
                - {email: same@example.org}
                - {email: less@example.org, min_severity: alert}
            """)
        #expect(try #require(loaded).report.recipients.map(\.minSeverity) == [.warning, .error, .alert])
        let (single, _) = load("report: {min_severity: error, to_email: a@example.org}")
        #expect(try #require(single).report.recipients.map(\.minSeverity) == [.error])
    }

    @Test("YAML that is none says where") func syntax() {
        #expect(load("report: [").faults.contains { $0.hasPrefix("herald.yaml:") && $0.contains("not valid YAML") })
        #expect(
            load("report:\n  a: 1\n  a: 2").faults.first
                == "herald.yaml:3:3: the key 'a' stands here twice (first in line 2)")
        #expect(load("report: [").faults.count == 1)
        #expect(load("- 1").settings == nil)
        #expect(load("report: text").settings == nil)
        #expect(load("\u{0}").settings == nil)
    }

    @Test("every declared key stands on the page, with its sentence") func page() {
        let page = SettingsPage.markdown
        for key in Declarations.account.keys + Declarations.report.keys + Declarations.timeouts.keys {
            #expect(page.contains("| `\(key.name)` |") && page.contains(key.sentence))
        }
    }
}
