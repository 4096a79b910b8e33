// What holds for all mail: how long it is held and kept, where it goes instead, what it gets where nothing is said.

import Formats
import Platform
import Testing

@testable import Settings

@Suite struct MailSettingsTests {
    private func load(_ files: String...) -> (settings: Settings?, faults: [String]) {
        let files = files.enumerated().map { index, text in
            ConfigurationFile(path: index == 0 ? "herald.yaml" : "conf.d/\(index).yaml", bytes: Array(text.utf8))
        }
        let (settings, diagnostics) = Settings.load(files, host: Settings.Host(mailName: "web1.example.org"))
        return (settings, diagnostics.map(\.description))
    }

    @Test("what is not said of all mail is as it is declared") func fallbacks() throws {
        let settings = try #require(load("").settings)
        let smtp = settings.smtp
        #expect(smtp.hold == .zero && smtp.keep == .seconds(14 * 86400) && !smtp.redirect.enabled)
        #expect(smtp.retry.warnAfter == .seconds(4 * 3600) && settings.report.hold == .zero)
    }

    @Test("each key is read") func read() throws {
        let (loaded, faults) = load(
            """
            report: {to_email: a@example.org}
            smtp:
              hold: 10m
              keep: 30d
              retry: {first: 2s, maximum: 3h, give_up_after: 2d, warn_after: 30m}
              redirect: {enabled: true, to: [{email: t@example.org}, {email: u@example.org, enabled: false}]}
            aliases: [{description: x, address: x@example.org}]
            """)
        #expect(faults == [])
        let smtp = try #require(loaded).smtp
        #expect(smtp.hold == .seconds(600) && smtp.keep == .seconds(30 * 86400))
        #expect(smtp.retry.first == .seconds(2) && smtp.retry.maximum == .seconds(3 * 3600))
        #expect(smtp.retry.giveUpAfter == .seconds(2 * 86400) && smtp.retry.warnAfter == .seconds(1800))
        #expect(smtp.redirect.enabled && smtp.redirect.to.map(\.text) == ["t@example.org"])
        #expect(load("smtp: {retry: {warn_after: off}}").settings?.smtp.retry.warnAfter == nil)
    }

    @Test("a hold of reports or of a folder goes before that of all mail") func holds() throws {
        let text = """
            smtp: {hold: 10m}
            report: {to_email: a@example.org HOLD}
            respond: {folders: [{path: /srv/a}, {path: /srv/b, hold: 0s}, {path: /srv/c, hold: 1d}]}
            """
        for (own, report) in [("", 600), (", hold: 0s", 0), (", hold: 90s", 90)] {
            let settings = try #require(load(text.replacing(" HOLD", with: own)).settings)
            #expect(settings.smtp.hold == .seconds(600) && settings.report.hold == .seconds(report))
            #expect(settings.respond.folders.map(\.hold) == [.seconds(600), .zero, .seconds(86400)])
        }
    }

    @Test("an alias that says nothing has the default name and Reply-To; one that does keeps its own") func defaults()
        throws
    {
        let defaults = "smtp: {defaults: {reply_to: office@example.org, from_name: Example}}\n"
        let settings = try #require(
            load(
                defaults + """
                    aliases:
                      - {description: a, address: a@example.org, default: true}
                      - {description: b, address: b@example.org, name: B, reply_to: b@example.net}
                    """
            ).settings)
        #expect(settings.aliases.map(\.name) == ["Example", "B"])
        #expect(settings.aliases.map(\.replyTo?.text) == ["office@example.org", "b@example.net"])
        #expect(load(defaults).settings?.defaultAlias.name == "Example")
        #expect(load("").settings?.defaultAlias.name == "Herald")
    }

    @Test(
        "a mistake is told with its place",
        arguments: [
            ("hold: 8d", "2:9: 'hold' must be from 0s to 7d, not 8d in 'smtp'"),
            ("keep: 30m", "2:9: 'keep' must be from 1h to 3650d, not 30m in 'smtp'"),
            ("keep: 14", "2:9: 'keep' must be a duration such as 90s"),
            ("retry: {first: 0s}", "2:18: 'first' must be from 1ms to 1d, not 0s in 'smtp.retry'"),
            ("retry: {maximum: 0s}", "'maximum' must be from 1ms to 7d, not 0s"),
            ("retry: {give_up_after: 1s}", "'give_up_after' must be from 1m to 30d, not 1s"),
            ("retry: {first: 5m, maximum: 1m}", "2:31: 'maximum' (1m) must not be less than 'first' (5m)"),
            ("retry: {first: 5h}", "'maximum' (4h) must not be less than 'first' (5h)"),
            ("retry: {warn_after: 4}", "2:23: 'warn_after' must be 'off' or a duration such as 4h"),
            ("retry: {warn_after: 1s}", "'warn_after' must be from 1m to 30d, not 1s"),
            ("retry: {warn_afer: 1h}", "unknown key 'warn_afer' in 'smtp.retry'; did you mean 'warn_after'?"),
            ("redirect: [a@example.org]", "2:13: 'smtp.redirect' must be a map"),
            ("redirect: {enabled: maybe}", "'enabled' must be true or false, not 'maybe'"),
            ("redirect: {to: [{email: a}]}", "2:27: 'a' is not an e-mail address"),
            ("redirect: {to: [{enabled: true}]}", "'email' is missing in 'smtp.redirect.to[]'"),
            ("redirect: {to: [{email: a@b.example}, {email: a@b.example}]}", "a second address to redirect to"),
            ("redirect: {enable: true}", "unknown key 'enable' in 'smtp.redirect'; did you mean 'enabled'?"),
            ("defaults: {reply_to: x}", "'x' is not an e-mail address"),
            ("defaults: {from_name: \"a\\nb\"}", "'from_name' must be on one line"),
            ("defaults: {from: x}", "unknown key 'from' in 'smtp.defaults'"),
            ("accounts: [{name: a, server: a.example, server_timeout: 0s}]", "'server_timeout' must be from 1s to 1h"),
            (
                "accounts: [{name: a, server: a.example, server_timeout: {greeting: 2h}}]",
                "'greeting' must be from 1s to 1h, not 2h"
            ),
            (
                "accounts: [{name: a, server: a.example, delay_between_messages: 25h}]",
                "'delay_between_messages' must be from 0s to 1d, not 25h"
            ),
        ])
    func mistakes(_ line: String, _ words: String) {
        let (settings, faults) = load("smtp:\n  \(line)\n")
        #expect(settings == nil && faults.contains { $0.contains(words) }, "\(faults)")
    }

    @Test(
        "what is right and holds all mail, or warns of nothing, is warned of",
        arguments: [
            ("redirect: {enabled: true}", "all letters are held: 'smtp.redirect' is on"),
            ("redirect: {enabled: true, to: [{email: a@example.org, enabled: false}]}", "all letters are held"),
            ("retry: {first: 5ms}", "a server that is asked so often, after 5ms,"),
            ("retry: {warn_after: 6d}", "it is given up before 'warn_after' (6d)"),
        ])
    func warnings(_ line: String, _ words: String) {
        let (settings, faults) = load("smtp:\n  \(line)\n")
        #expect(settings != nil && faults.contains { $0.contains("warning: ") && $0.contains(words) }, "\(faults)")
    }

    @Test("an account with the default credentials has their login and password, and none of its own")
    func credentials() throws {
        func smtp(_ account: String, _ more: String = "") -> (settings: Settings?, faults: [String]) {
            load(
                "smtp:\n  default_credentials: {login: office, password_file: /etc/p}\n\(more)"
                    + "  accounts: [{name: a, server: a.example, \(account)}, {name: b, server: b.example}]\n"
                    + "aliases: [{description: x, address: x@example.org}]\nreport: {to_email: a@example.org}")
        }
        let (loaded, faults) = smtp("credentials: default")
        #expect(faults == [])
        #expect(loaded?.smtp.accounts.map(\.login) == ["office", nil])
        #expect(loaded?.smtp.accounts.map(\.password) == [.file("/etc/p"), nil])
        #expect(smtp("credentials: own, login: x, password_file: /x").settings?.smtp.accounts[0].login == "x")
        for (account, words) in [
            ("credentials: default, login: x", "'credentials: default' beside a 'login' of its own"),
            ("credentials: default, password_file: /x", "beside a 'password_file' of its own"),
            (
                "credentials: defualt",
                "'credentials' must be one of own, default, not 'defualt'"
            ),
            ("credentials: default, security: none", "a login needs security 'tls' or 'starttls'"),
        ] { #expect(smtp(account).faults.contains { $0.contains(words) }, "\(smtp(account).faults)") }
        let none = load("smtp: {accounts: [{name: a, server: a.example, credentials: default}]}").faults
        #expect(none.contains { $0.contains("'credentials: default' needs 'smtp.default_credentials'") })
        let half = load("smtp: {default_credentials: {login: x}}").faults
        #expect(half.contains { $0.contains("'password_file' is missing in 'smtp.default_credentials'") }, "\(half)")
    }

    @Test("addresses to redirect to are merged by the address") func merged() throws {
        let (loaded, faults) = load(
            "report: {to_email: a@b.example}\nsmtp: {redirect: {enabled: true, to: [{email: t@b.example}, {email: u@b.example}]}}\n"
                + "aliases: [{description: a, address: a@b.example}]",
            "smtp: {redirect: {to: [{email: u@b.example, enabled: false}, {email: v@b.example}]}}")
        #expect(faults == [])
        #expect(loaded?.smtp.redirect.to.map(\.text) == ["t@b.example", "v@b.example"])
    }
}
