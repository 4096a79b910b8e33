// How a mail server is known: fingerprints, authorities, a certificate of our own.

import Platform
import Testing

@testable import Settings

private let digits = String(repeating: "0a", count: 32)
private let pairs = Array(repeating: "0A", count: 32).joined(separator: ":")

@Suite struct ProtectionSettingsTests {
    private func load(_ text: String) -> (account: Settings.Account?, faults: [String]) {
        let file = ConfigurationFile(
            path: "herald.yaml", bytes: Array("smtp: {accounts: [{name: a, server: a.example, \(text)}]}".utf8),
            permissions: 0o600)
        let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
        return (settings?.smtp.accounts.first, diagnostics.map(\.description))
    }

    @Test(
        "fingerprints are written in several ways", arguments: [digits, "SHA256:" + digits, "sha256:" + pairs, pairs])
    func fingerprints(_ text: String) {
        let (account, faults) = load("fingerprints: ['\(text)', '\(digits)']")
        #expect(account?.fingerprints == Array(repeating: [UInt8](repeating: 10, count: 32), count: 2))
        #expect(!faults.contains { $0.contains("ingerprint") })
    }

    @Test(
        "what is no SHA-256 is refused",
        arguments: ["", "0a", String(digits.dropLast(2)), digits + "0a", "md5:" + digits])
    func noFingerprint(_ text: String) {
        let (account, faults) = load("fingerprints: ['\(text)']")
        #expect(account == nil)
        #expect(faults.contains { $0.contains("is no SHA-256: 64 hexadecimal digits are wanted") })
    }

    @Test("fingerprints need a session that insists on them", arguments: ["none", "opportunistic"])
    func needsTLS(_ security: String) {
        let (account, faults) = load("security: \(security), fingerprints: ['\(digits)']")
        #expect(account == nil)
        #expect(faults.contains { $0.contains("'fingerprints' need security 'tls' or 'starttls'") })
    }

    @Test("beside fingerprints, authorities count for nothing, which is said") func both() {
        let (account, faults) = load("ca_file: /etc/ssl/own.pem, fingerprints: ['\(digits)']")
        #expect(account != nil)
        #expect(faults.contains { $0.contains("warning: 'ca_file' counts for nothing beside 'fingerprints'") })
    }

    @Test("the oldest TLS is 1.2, or 1.3 where that is asked for, in a session that insists on TLS") func minimum() {
        #expect(load("login: ''").account == nil)
        #expect(load("security: tls").account?.tlsMinimum == .tls12)
        #expect(load("security: tls, tls_minimum: 1.3").account?.tlsMinimum == .tls13)
        #expect(load("security: tls, tls_minimum: '1.2'").account?.tlsMinimum == .tls12)
        #expect(load("tls_minimum: 1.1").faults.contains { $0.contains("tls_minimum") && $0.contains("1.2") })
        #expect(load("security: opportunistic, tls_minimum: 1.3").account == nil)
    }

    @Test("files are named by absolute paths", arguments: ["ca_file", "client_certificate"]) func paths(_ key: String) {
        #expect(load("\(key): own.pem").account == nil)
        let account = load("\(key): /etc/herald/own.pem").account
        #expect((key == "ca_file" ? account?.caFile : account?.clientCertificate) == "/etc/herald/own.pem")
    }
}
