// Secrets do not leave the host; what is none stays readable.

import Testing

@testable import Incidents

@Suite struct SecretMaskTests {
    private func masked(_ text: String) -> String {
        String(decoding: SecretMask.masked(Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("postgres://app:s3cr3t@db/x failed", "postgres://app:***@db/x failed"),
        ("https://user:p@ss@host/", "https://user:***@host/"),
        ("Authorization: Bearer abcDEF123456789", "Authorization: ***"),
        ("got header bearer abcDEF123456789.", "got header bearer ***"),
        ("login password=hunter2 refused", "login password=*** refused"),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: ***"),
        ("{\"api_key\": \"abc\\\"def\", \"user\": \"x\"}", "{\"api_key\": \"***\", \"user\": \"x\"}"),
        ("run --password hunter2 now", "run --password *** now"),
        ("client_secret=abc&grant=x", "client_secret=***&grant=x"),
        ("Set-Cookie: sid=1; path=/", "Set-Cookie: ***"),
        ("key AKIAABCDEFGHIJKLMNOP used", "key AKIA*** used"),
        ("token ghp_abcdefghijklmnop0123", "token ghp_***"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter",
            "-----BEGIN RSA ***KEY-----\nafter"
        ),
        ("-----BEGIN PRIVATE KEY-----MIIEcut", "-----BEGIN ***"),
        ("token_token-api-key_of_x: hunter2", "token_token-api-key_of_x: ***"),
    ])
    func `What looks like a secret is masked`(text: String, expected: String) { #expect(masked(text) == expected) }

    @Test(arguments: [
        "Failed password for root from 10.0.0.1 port 22 ssh2", "connect to http://host:8080/path",
        "basic auth is not enabled", "the bearer of this letter", "no token", "mailto:a@b",
        "-----BEGIN CERTIFICATE-----",
        "password", "password=", "see https://example.org/a@b",
    ])
    func `What is none stays as it is`(text: String) { #expect(masked(text) == text) }

    @Test(.timeLimit(.minutes(1))) func `A long word of nothing but names is gone through once`() {
        let text = String(repeating: "token", count: 100_000)
        #expect(masked(text) == text)
        #expect(masked(text + "=x") == text + "=***")
    }

    @Test func `A secret that is cut is masked before the cut`() {
        let text = String(repeating: "x", count: Sample.limit - 12) + " password=" + String(repeating: "s", count: 200)
        #expect(!Sample.line(Array(text.utf8)).contains("sss"))
    }
}
