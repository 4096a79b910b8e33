import MailRouting
import SMTPProtocol
import SMTPTransport
import Testing

@Suite struct DNSAttemptTests {
    private func host(_ name: String, _ protection: HostProtection = .opportunistic) throws -> PlannedHost {
        PlannedHost(
            name: try DomainName(name), addresses: [try #require(IPAddress([8, 8, 8, 8]))], protection: protection)
    }

    private func plan(_ names: String..., passedOver: [HostObstacle] = []) throws -> DirectPlan {
        DirectPlan(.hosts(try names.map { try host($0) }), passedOver: passedOver)
    }

    private let refused = SessionFault(.connect, "cannot connect", [.tryAgain, .nextAddress, .close])
    private let barred = SessionFault(.greeting, "554 5.7.1 no service", [.permanent, .nextAddress, .close])
    /// What does not say N of itself.
    private let broken = SessionFault(.hello, "rubbish", [.tryAgain, .close])

    @Test("a host that fails in whatever way hands over to the next, in order, until one has decided") func order()
        throws
    {
        var attempt = DirectAttempt(try plan("a.test", "b.test", "c.test"))
        #expect(attempt.host?.words == "a.test")
        attempt.failed(refused)
        #expect(attempt.host?.words == "b.test")
        attempt.failed(broken)
        #expect(attempt.host?.words == "c.test")
        attempt.failed(barred)
        #expect(attempt.host == nil)
        attempt.failed(barred)
        #expect(attempt.host == nil)
    }

    @Test("what was wrong at one address of a host is a trouble, though another one took the letter")
    func anotherAddress() throws {
        var attempt = DirectAttempt(try plan("a.test", "b.test"))
        attempt.failed(refused)
        #expect(attempt.troubles.isEmpty)
        var stripped = SessionFault(.startTLS, "no STARTTLS", [.tryAgain, .nextAddress])
        stripped.set(.noSTARTTLS)
        attempt.passed(over: stripped)
        #expect(attempt.troubles.count == 1 && attempt.troubles[0].hasPrefix("b.test, "), "\(attempt.troubles)")
    }

    @Test("what to do about a domain's host is never a matter of an account's port") func advice() throws {
        var attempt = DirectAttempt(try plan("a.test", "b.test"))
        attempt.failed(SessionFault(.connect, "cannot connect", [.tryAgain, .nextAddress, .close], .nothingListens))
        attempt.failed(SessionFault(.startTLS, "no STARTTLS", [.tryAgain, .nextAddress, .close], .noSTARTTLS))
        for words in [attempt.outcome.words] + attempt.troubles {
            #expect(!words.contains("587"), "\(words)")
        }
        #expect(attempt.troubles.first?.contains("tell the domain's postmaster") == true)
    }

    @Test("row 11: refused for good only where every host says so") func verdict() throws {
        var one = DirectAttempt(try plan("a.test"))
        one.failed(barred)
        #expect(one.outcome == .permanent("554 5.7.1 no service (a.test, greeting)"))
        #expect(one.outcome.code == 554)

        var two = DirectAttempt(try plan("a.test", "b.test"))
        two.failed(refused)
        #expect(two.outcome == .transient("cannot connect (a.test, connect)"))
        two.failed(barred)
        #expect(
            two.outcome
                == .transient("554 5.7.1 no service (b.test, greeting; before that: a.test connect: cannot connect)"))

        var both = DirectAttempt(try plan("a.test", "b.test"))
        both.failed(barred)
        #expect(both.outcome.reaction == .tryAgain, "the other one may take it")
        both.failed(barred)
        #expect(both.outcome.reaction == .permanent)
    }

    @Test("a host that was passed over and may come back keeps the letter; one that never can does not")
    func passedOver() throws {
        for (kind, reaction) in [(HostObstacle.Kind.policy, Reaction.tryAgain), (.alias, .permanent)] {
            var attempt = DirectAttempt(try plan("a.test", passedOver: [HostObstacle(host: "b.test", kind: kind)]))
            attempt.failed(barred)
            #expect(attempt.outcome.reaction == reaction)
            #expect(attempt.outcome.words.contains("before that: b.test is"))
        }
    }

    @Test("rows 1, 3 to 5, 48: a plan without hosts is its outcome, in the same words") func planned() {
        let never = DirectAttempt(DirectPlan(.permanent("5.1.10 null")))
        #expect(never.host == nil && never.outcome == .permanent("5.1.10 null"))
        let later = DirectAttempt(DirectPlan(.later("4.4.3 why")))
        #expect(later.host == nil && later.outcome == .transient("4.4.3 why"))
    }

    @Test("what is told though no account pauses: protection that fails, attacks, a policy that cannot be had")
    func troubles() throws {
        var plan = DirectPlan(
            .hosts([
                try host("a.test", .encrypted), try host("b.test", .sts(try DomainName("b.test"))), try host("c.test"),
                try host("d.test"),
            ]))
        plan.policyTrouble = "no policy"
        var attempt = DirectAttempt(plan)
        attempt.failed(SessionFault(.startTLS, "no STARTTLS", [.tryAgain, .nextAddress, .close]))
        attempt.failed(SessionFault(.tls, "expired", [.tryAgain, .nextAddress, .close], .certificateExpired))
        attempt.failed(refused)
        attempt.failed(SessionFault(.hello, "bytes", [.tryAgain, .nextAddress, .close], .injection))
        let troubles = attempt.troubles
        #expect(troubles.count == 4)
        #expect(troubles[0] == "a.test, which asks for TLS: STARTTLS: no STARTTLS")
        #expect(troubles[1].hasPrefix("b.test, which asks for MTA-STS: TLS: expired ("))
        #expect(troubles[2].hasPrefix("d.test, which asks for opportunistic TLS: capabilities: bytes ("))
        #expect(troubles[3] == "no policy")
    }
}
