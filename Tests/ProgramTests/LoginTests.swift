// `herald login` as a person uses it, with the mailer at work and without: against the token server of Tests/Peers.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

@Suite struct LoginTests {
    /// An installation whose account `office` asks the token server.
    private func site(
        _ peer: TokenPeer, _ client: String, _ more: String = "device_url: 'URL/devicecode'", login: String = ""
    ) throws
        -> TestSite
    {
        try TestSite(
            settings: """
                report: {to_email: admin@example.org}
                aliases: [{description: alerts, address: herald@example.org, default: true}]
                watch: {journal: {enabled: false}}
                """,
            accounts: "[{name: office, server: localhost, port: 1, \(login)oauth: \(peer.oauth(client, more))}]")
    }

    private func run(_ site: TestSite, _ arguments: String...) throws -> HeraldRun {
        try HeraldRun(["login"] + arguments + ["--config", site.folder + "/herald.yaml"])
    }

    @Test("by device code, with the mailer at work: the code is shown once, no token ever, and the mailer has them")
    func device() throws {
        let peer = try TokenPeer()
        let site = try site(peer, "device-quick")
        try site.start("mailer")
        try site.awaitReady("mailer")
        let login = try run(site, "office")
        #expect(login.code == .exited(0), "\(login.errors)")
        #expect(login.lines.count { $0.contains("https://www.microsoft.com/link") && $0.contains("YZMY-LD4K") } == 1)
        #expect(login.output.contains("Signed in for account 'office' as herald@example.org."))
        for secret in ["device-quick-1", "code-device-quick", "first"] {
            #expect(!(login.output + login.errors).contains(secret))
            #expect(!site.log("mailer").contains(secret))
        }
        let account = try site.ask("mailer", "status").result["accounts"]?.array?.first
        #expect(account?["oauth"]?["signed_in_as"]?.string == "herald@example.org")
        let file = "\(site.folder)/state/mailer/tokens/account-office.json"
        #expect(try FileStatus.of(file)?.permissions == 0o600)
        #expect(String(decoding: try Files.read(file), as: UTF8.self).contains("\"refresh_token\":\"first\""))
        let token = try site.ask("mailer", "access-token", ["account": "office"])
        #expect(token.body == Array("device-quick-1".utf8))
        #expect(site.stop("mailer") == 0)
        // Stopped, its state is written by the command itself, which says so where it cannot.
        try Files.remove(file)
        let again = try run(site, "--json")
        #expect(again.code == .exited(0), "the only account with oauth")
        let objects = try again.objects()
        #expect(
            objects.first?["open"]?.string == "https://www.microsoft.com/link"
                && objects.first?["code"]?.string == "YZMY-LD4K")
        #expect(objects.last?["status"]?.string == "signed-in" && objects.last?["account"]?.string == "office")
        #expect(try FileStatus.of(file)?.permissions == 0o600)
    }

    @Test("by browser: the address comes back to loopback with our state alone; PKCE is proved to the endpoint")
    func browser() throws {
        let peer = try TokenPeer()
        let site = try site(peer, "loopback", "authorization_url: 'URL/authorize'")
        try site.start("mailer")
        try site.awaitReady("mailer")
        let output = site.folder + "/login.out"
        let file = try Descriptor.open(output, O_WRONLY | O_CREAT)
        let command = try RunningProcess(
            ["\(TestSite.programs)/herald", "login", "office", "--config", site.folder + "/herald.yaml"],
            environment: ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"], output: file)
        func text() -> String { String(decoding: (try? Files.read(output)) ?? [], as: UTF8.self) }
        #expect(try site.eventually(within: .seconds(60)) { text().contains("Waiting") }, "\(text())")
        let words = text().split { $0 == " " || $0 == "\n" }.map(String.init)
        let address = try #require(words.first { $0.hasPrefix(peer.url) })
        let port = try #require(
            address.firstRange(ofText: "127.0.0.1%3A").map { address[$0.upperBound...].prefix { $0.isNumber } })
        #expect(text().contains("ssh -L \(port):127.0.0.1:\(port) "))
        func curl(_ arguments: String...) throws -> String {
            let result = try ChildProcess(
                ["/usr/bin/curl", "-sS", "--cacert", peer.authority] + arguments, deadline: .seconds(30)
            ).run()
            return String(decoding: result.output, as: UTF8.self)
        }
        // A stranger on this host, and a browser's own questions, end nothing.
        #expect(
            try curl("-w", "%{http_code}", "-o", "/dev/null", "http://127.0.0.1:\(port)/?code=x&state=guess") == "404")
        #expect(try curl("-w", "%{http_code}", "-o", "/dev/null", "http://127.0.0.1:\(port)/favicon.ico") == "404")
        #expect(try curl("-L", address).contains("Signed in"))
        #expect(command.wait(atMost: .seconds(60)) == 0, "\(text())")
        #expect(text().contains("as herald@example.org"))
        #expect(text().contains("It holds until"), "the provider says how long")
        let asked = try peer.requests(of: "loopback")
        #expect(
            asked.last?["grant_type"]?.string == "authorization_code"
                && asked.last?["code_verifier"]?.string?.utf8.count == 43)
        #expect(site.stop("mailer") == 0)
    }

    @Test("a refusal says why and what to do; without a person there is no sign-in; a wrong name is told the nearest")
    func refusals() throws {
        let peer = try TokenPeer()
        let declined = try run(try site(peer, "device-declined"), "office")
        // No mailer has run here yet: said before anybody signs in.
        #expect(
            declined.code == .exited(75) && declined.errors.contains("start herald-mailer first"), "\(declined.errors)")
        let site = try site(peer, "second-factor")
        try site.start("mailer")
        try site.awaitReady("mailer")
        let refused = try run(site, "office")
        #expect(refused.code == .exited(1) && refused.errors.contains("AADSTS50076"), "\(refused.errors)")
        let no = try self.site(peer, "device-declined")
        try no.start("mailer")
        try no.awaitReady("mailer")
        let said = try run(no, "office")
        #expect(said.errors.contains("whoever was asked to sign in, or their organisation, said no"), "\(said.errors)")
        #expect(no.stop("mailer") == 0)
        let alone = try run(site, "office", "--non-interactive")
        #expect(alone.code == .exited(1) && alone.errors.contains("somebody has to sign in"))
        let wrong = try run(site, "ofice")
        #expect(wrong.code == .exited(2) && wrong.errors.contains("did you mean 'office'?"))
        #expect(try run(site, "--sent-folder").code == .exited(2))
        #expect(site.stop("mailer") == 0)
    }

    @Test(
        "an application with a secret needs nobody: login says whether a token is given",
        arguments: [("open sesame", 0), ("guess", 1)] as [(String, Int32)])
    func application(_ secret: String, _ code: Int32) throws {
        let peer = try TokenPeer()
        let site = try site(peer, "app", "client_secret_file: FOLDER/secret", login: "login: herald@example.org, ")
        try Files.write("\(secret)\n".utf8, to: site.folder + "/secret")
        let login = try run(site, "--non-interactive")
        #expect(login.code == .exited(code), "\(login.errors)")
        #expect((login.output + login.errors).contains(code == 0 ? "nobody has to sign in" : "AADSTS7000215"))
        #expect(!(login.output + login.errors).contains(secret))
    }
}

extension String {
    fileprivate func firstRange(ofText text: String) -> Range<String.Index>? { utf8.firstRange(ofBytes: text.utf8) }
}
