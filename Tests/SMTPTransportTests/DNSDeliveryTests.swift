// In the bed of DNSNetworkTests, as DNSBedTests: letters all the way from a domain to a host's reply, over real TLS.

import Formats
import Logging
import Mail
import MailRouting
import Platform
import SMTPProtocol
import SMTPTransport
import Synchronization
import Testing

/// The hosts of the bed's zones: sinks on port 25 of their addresses, started once and ended with the process.
private enum Hosts {
    static let inboxes: [String: Inbox] = {
        let list: [(address: String, certificate: String, offersSTARTTLS: Bool)] = [
            ("127.0.0.11", "mx1", true), ("127.0.0.12", "mx2", true), ("127.0.0.13", "mx1", true),
            ("127.0.0.14", "mx1", true), ("127.0.0.15", "mx1", true), ("127.0.0.16", "mx1", true),
            ("127.0.0.20", "mx1", false), ("127.0.0.41", "sts", true), ("127.0.0.42", "sts", true),
        ]
        var inboxes: [String: Inbox] = [:]
        for host in list {
            let inbox = Inbox()
            var options = SinkOptions()
            (options.host, options.port, options.offersSTARTTLS) = (host.address, 25, host.offersSTARTTLS)
            guard var certificate = try? ServerCertificate.make(),
                let own = try? Files.read("\(DNSBed.folder)/\(host.certificate).pem"),
                let authority = try? Files.read("\(DNSBed.folder)/ca.pem"),
                let key = try? Files.read("\(DNSBed.folder)/\(host.certificate).key")
            else { continue }
            // Under usage 2 the authority must be in the chain (RFC 7672 section 3.1.2).
            certificate.certificatePEM = own + (host.certificate == "mx1" ? [] : authority)
            certificate.keyPEM = key
            options.certificate = certificate
            guard let sink = try? SinkServer(options, log: quiet, onMessage: inbox.take) else { continue }
            started.withLock { $0.append(sink) }
            inboxes[host.address] = inbox
        }
        return inboxes
    }()
    private static let started = Mutex<[SinkServer]>([])
}

@Suite(.enabled(if: DNSBed.isThere, "runs in the bed that DNSNetworkTests starts")) struct DNSDeliveryTests {
    /// One attempt at a domain as the mailer makes it; what it came to, and the walk.
    private func deliver(_ domain: String) throws -> (outcome: Outcome, attempt: DirectAttempt) {
        let recipient = try EmailAddress("someone@\(domain)")
        let message = Array("Subject: to \(domain)\r\n\r\nHello.\r\n".utf8)
        let options = SessionOptions(
            server: ServerAddress(host: "direct", port: 25), security: .opportunistic, heloName: "herald.signed.test",
            timeouts: .brief())
        let envelope = Envelope(sender: try EmailAddress("sender@example.org"), recipients: [recipient])
        var attempt = DirectAttempt(DNSBed.plan(domain))
        while let host = attempt.host {
            let client = SMTPClient(options.aimed(at: host), log: quiet)
            defer { client.quit() }
            do throws(SessionFault) {
                let outcomes = try client.deliver(envelope, message: message) { _ in }
                return (outcomes[recipient] ?? .transient("undecided"), attempt)
            } catch {
                attempt.failed(error)
            }
        }
        return (attempt.outcome, attempt)
    }

    /// Of what came to this address for the domain: under which TLS. Nil: nothing did.
    private func arrival(_ address: String, _ domain: String) throws -> String? {
        let inbox = try #require(Hosts.inboxes[address], "no sink at \(address)")
        return inbox.messages.first { $0.recipients == ["someone@\(domain)"] }.map { $0.tlsVersion ?? "plain" }
    }

    init() { _ = Hosts.inboxes }

    @Test(
        "DANE: an expired certificate for another name is the host's, by its record",
        arguments: ["signed.test", "two.signed.test"])
    func dane(_ domain: String) throws {
        #expect(try deliver(domain).outcome.reaction == .delivered)
        #expect(try arrival(domain == "signed.test" ? "127.0.0.11" : "127.0.0.16", domain) == "TLSv1.3")
    }

    @Test("row 47: a certificate that fits no record: the next host, then later; never this one") func mismatch() throws
    {
        let (outcome, attempt) = try deliver("mismatch.signed.test")
        #expect(outcome.reaction == .tryAgain, "\(outcome)")
        #expect(try arrival("127.0.0.14", "mismatch.signed.test") == nil)
        #expect(
            attempt.troubles.count == 1 && attempt.troubles[0].hasPrefix("wrong.signed.test, which asks for DANE: "))
    }

    @Test("row 34: a host with TLSA records that offers no TLS gets nothing in plain; the next one gets it, by usage 2")
    func stripped() throws {
        let (outcome, attempt) = try deliver("stripped.signed.test")
        #expect(outcome.reaction == .delivered, "\(outcome)")
        #expect(try arrival("127.0.0.20", "stripped.signed.test") == nil)
        #expect(try arrival("127.0.0.12", "stripped.signed.test") == "TLSv1.3")
        #expect(attempt.troubles.first?.hasPrefix("plain-alone.signed.test, which asks for DANE: STARTTLS: ") == true)
    }

    @Test("row 46: records that cannot be used: TLS, and whatever certificate there is") func unusable() throws {
        #expect(try deliver("unusable.signed.test").outcome.reaction == .delivered)
        #expect(try arrival("127.0.0.15", "unusable.signed.test") == "TLSv1.3")
    }

    @Test("a domain that asks for nothing: TLS as it comes") func opportunistic() throws {
        #expect(try deliver("plain.signed.test").outcome.reaction == .delivered)
        #expect(try arrival("127.0.0.13", "plain.signed.test") == "TLSv1.3")
    }

    @Test("row 48: under a policy the certificate must be for the host, by an authority of the system's") func policy()
        throws
    {
        let (outcome, _) = try deliver("granted.test")
        #expect(outcome.reaction == .delivered, "\(outcome)")
        #expect(try arrival("127.0.0.41", "granted.test") == "TLSv1.3")
        // The same machine under another domain's name: its certificate is not for that.
        let (other, attempt) = try deliver("impostor.test")
        #expect(other.reaction == .tryAgain, "\(other)")
        #expect(try arrival("127.0.0.41", "impostor.test") == nil)
        #expect(attempt.troubles.first?.hasPrefix("mx1.impostor.test, which asks for MTA-STS: TLS: ") == true)
    }
}
