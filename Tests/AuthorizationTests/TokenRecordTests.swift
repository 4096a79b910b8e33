import Authorization
import Formats
import SMTPProtocol
import Testing

@Suite struct TokenRecordTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test("a record comes back from its file as it was") func roundTrip() throws {
        var record = TokenRecord(client: "custom x")
        record.take(
            TokenReply(
                accessToken: Secret("at"), lifetime: .seconds(3599), refreshToken: Secret("rt"),
                refreshLifetime: .seconds(86400), address: "a@b.example"), at: now)
        let back = try #require(TokenRecord(record.encoded.withBytes { Array($0) }))
        #expect(back.accessToken == Secret("at") && back.refreshToken == Secret("rt") && back.address == "a@b.example")
        #expect(back.accessExpires == now + .seconds(3599) && back.refreshExpires == now + .seconds(86400))
        #expect(back.renewed == now && back.client == "custom x")
        #expect(!"\(record)".contains("at\"") && !"\(record)".contains("rt"))
    }

    @Test(
        "what is no record is none",
        arguments: ["", "{}", "[]", #"{"version":2,"client":"x"}"#, #"{"version":1}"#, "{\"version\":1,"])
    func none(_ text: String) { #expect(TokenRecord(Array(text.utf8)) == nil) }

    @Test("a refresh keeps what it does not replace; a new refresh token has no end but its own") func refresh() {
        var record = TokenRecord(client: "x")
        let first = TokenReply(
            accessToken: Secret("1"), lifetime: .seconds(60), refreshToken: Secret("a"), refreshLifetime: .seconds(100),
            address: "a@b")
        record.take(first, at: now)
        record.take(TokenReply(accessToken: Secret("2"), lifetime: .seconds(60)), at: now + .seconds(50))
        #expect(record.refreshToken == Secret("a") && record.refreshExpires == now + .seconds(100))
        #expect(record.accessToken == Secret("2") && record.address == "a@b")
        record.take(TokenReply(accessToken: Secret("3"), lifetime: .seconds(60), refreshToken: Secret("b")), at: now)
        #expect(record.refreshToken == Secret("b") && record.refreshExpires == nil)
    }

    @Test("a token holds until its end; one that would for days was kept under a wrong clock") func holds() {
        var record = TokenRecord(client: "x")
        #expect(!record.accessHolds(for: .zero, at: now))
        record.take(TokenReply(accessToken: Secret("1"), lifetime: .seconds(3600)), at: now)
        #expect(record.accessHolds(for: .seconds(300), at: now))
        #expect(!record.accessHolds(for: .seconds(300), at: now + .seconds(3300)))
        #expect(!record.accessHolds(for: .zero, at: now - .seconds(365 * 86400)))
    }
}
