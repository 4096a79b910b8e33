// The diagnoses that need name servers, in the bed that ConnectionNetworkTests starts; elsewhere it is left out.

import Formats
import Glibc
import Logging
import Platform
import SMTPTransport
import TestSupport
import Testing

@Suite(.enabled(if: DirectDeliveryBed.isThere, "runs in the bed that ConnectionNetworkTests starts"))
struct ConnectionBedTests {
    @Test(
        "a name that is not there, and a name server that fails",
        arguments: [
            ("nope.signed.test", "there is no such name", "check the account's server"),
            ("x.lame.test", "the name server fails", "/etc/resolv.conf"),
        ])
    func names(_ host: String, _ cause: String, _ remedy: String) throws {
        let run = try ConnectionSite("name: a, server: \(host), port: 587, security: starttls").run()
        run.tells("name", cause: cause, remedy: remedy)
        #expect(run.output.contains("cannot find \(host): "), "\(run.output)")
    }

    /// A sink on port 25 of an address of the bed, with one of its certificates.
    private func host(_ address: String, _ certificate: String) throws -> SinkServer {
        var options = SinkOptions()
        (options.host, options.port) = (address, 25)
        var own = try ServerCertificate.make()
        own.certificatePEM = try Files.read("\(DirectDeliveryBed.folder)/\(certificate).pem")
        own.keyPEM = try Files.read("\(DirectDeliveryBed.folder)/\(certificate).key")
        options.certificate = own
        return try SinkServer(options, log: Logger(label: "sink") { _ in SwiftLogNoOpLogHandler() }) { _ in }
    }

    private func direct(_ domain: String) throws -> ConnectionSite {
        let site = try ConnectionSite("name: own, server: direct", more: "  allow_private_mx: true\n")
        let text = String(decoding: try Files.read(site.folder("herald.yaml")), as: UTF8.self)
        try site.write("herald.yaml", text.replacing("admin@example.org", with: "admin@\(domain)").utf8)
        return site
    }

    @Test("herald check says what direct delivery lacks here: DANE, and curl") func check() throws {
        let site = try direct("signed.test")
        let words = ["check", "--config", site.folder("herald.yaml")]
        let hidden = ["mount --bind /dev/null /usr/bin/curl && exec \"$0\" \"$@\""]
        let run = try HeraldRun(words, under: ["/usr/bin/unshare", "--mount", "/bin/sh", "-c"] + hidden)
        // The bed's resolver has trust anchors of its own zones alone.
        #expect(run.errors.contains("warning: DANE "), "\(run.errors)")
        #expect(run.errors.contains("curl is not installed: no MTA-STS policy"), "\(run.errors)")
        #expect(run.code == .exited(0))
    }

    @Test("server: direct: the domain's hosts, how they are protected, and a session with one of them")
    func wellDirect()
        throws
    {
        let sink = try host("127.0.0.11", "mx1")
        defer { sink.stop() }
        let run = try direct("signed.test").run("--send")
        #expect(run.code == .exited(0), "\(run.output)\(run.errors)")
        for words in [
            "mx1.signed.test 127.0.0.11 ::1 (DANE), mx2.signed.test 127.0.0.12 (DANE); signed (DNSSEC)",
            "mx1.signed.test, by DANE", "verified by DANE", "Status: OK",
        ] { #expect(run.output.contains(words), "\(words): \(run.output)") }
    }

    @Test("a host whose key is not the one that its domain publishes; a host that the domain's policy does not name")
    func mismatches() throws {
        let sink = try host("127.0.0.14", "mx1")
        defer { sink.stop() }
        let run = try direct("mismatch.signed.test").run()
        run.tells("TLS", cause: "not the one that its domain publishes (DANE)", remedy: "tell the domain's postmaster")
        #expect(run.output.contains("wrong.signed.test"), "\(run.output)")
        let policy = try direct("unnamed.test").run()
        policy.tells("name", cause: "MTA-STS policy does not name this host", remedy: "tell the domain's postmaster")
    }

    @Test("a domain that is not there, one that takes no mail, and a host that does not answer") func noHost() throws {
        try direct("nope.signed.test").run()
            .tells("name", cause: "there is no such name", remedy: "check the recipient's address")
        let none = try direct("null.signed.test").run()
        #expect(none.code == .exited(1) && none.output.contains("takes no mail (null MX)"), "\(none.output)")
        #expect(none.line("  What to do: ").hasPrefix("check the recipient's address"), "\(none.output)")
        try direct("plain.signed.test").run()
            .tells("connect", cause: "nothing listens on that port", remedy: "tell the domain's postmaster")
    }

    @Test("without curl no policy can be had: told, with what to install") func noCurl() throws {
        let sinks = [try host("127.0.0.41", "sts"), try host("127.0.0.42", "sts")]
        defer { for sink in sinks { sink.stop() } }
        let site = try direct("granted.test")
        let run = try site.run(
            under: [
                "/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                "mount --bind /dev/null /usr/bin/curl && exec \"$0\" \"$@\"",
            ])
        #expect(
            run.output.contains("note: the MTA-STS policy of granted.test cannot be fetched: curl is not installed"),
            "\(run.output)")
        #expect(run.output.contains("apt-get install curl") && run.lines.last == "Status: OK", "\(run.output)")
        let with = try site.run()
        #expect(with.output.contains("(MTA-STS)") && !with.output.contains("note: the MTA-STS"), "\(with.output)")
    }
}
