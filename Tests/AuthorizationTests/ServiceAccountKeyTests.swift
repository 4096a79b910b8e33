import Authorization
import Formats
import Platform
import SMTPProtocol
import TestSupport
import Testing

@Suite struct ServiceAccountKeyTests {
    /// A key of OpenSSL's making, in a file as Google writes one.
    private func made(_ algorithm: [String] = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]) throws -> (
        TemporaryFolder, [UInt8]
    ) {
        let folder = try TemporaryFolder()
        let result = try ChildProcess(
            ["/usr/bin/openssl", "genpkey", "-algorithm"] + algorithm + ["-out", folder("key")], deadline: .seconds(60)
        ).run()
        try #require(result.ending == .exited(0), "\(result.words)")
        let json: JSON = [
            "type": "service_account", "client_email": "svc@project.example", "private_key_id": "k1",
            "private_key": .string(String(decoding: try Files.read(folder("key")), as: UTF8.self)),
        ]
        return (folder, Array(json.text.utf8))
    }

    @Test("the assertion is signed so that OpenSSL itself verifies it, and says what Google asks for") func signed()
        throws
    {
        let (folder, file) = try made()
        let key = try ServiceAccountKey(file)
        let now = Timestamp(seconds: 1_800_000_000)
        let assertion = try key.assertion(
            scopes: ["https://mail.google.com/", "b"], audience: "https://a.example/token", subject: "m@b.example",
            at: now)
        let parts = assertion.text.split(separator: ".")
        try #require(parts.count == 3)
        let header = try JSON.parse(try #require(Base64URL.decode(parts[0].utf8)))
        #expect(header["alg"]?.string == "RS256" && header["kid"]?.string == "k1" && header["typ"]?.string == "JWT")
        let claims = try JSON.parse(try #require(Base64URL.decode(parts[1].utf8)))
        #expect(claims["iss"]?.string == "svc@project.example" && claims["sub"]?.string == "m@b.example")
        #expect(
            claims["scope"]?.string == "https://mail.google.com/ b"
                && claims["aud"]?.string == "https://a.example/token")
        #expect(claims["iat"]?.int == 1_799_999_940 && claims["exp"]?.int == 1_800_003_540)
        try Files.write(try #require(Base64URL.decode(parts[2].utf8)), to: folder("signature"))
        let openssl = "/usr/bin/openssl"
        let pub = try ChildProcess(
            [openssl, "pkey", "-in", folder("key"), "-pubout", "-out", folder("pub")], deadline: .seconds(60)
        )
        .run()
        #expect(pub.ending == .exited(0))
        let check = ChildProcess(
            [openssl, "dgst", "-sha256", "-verify", folder("pub"), "-signature", folder("signature")],
            deadline: .seconds(60))
        #expect(try check.run(input: Array("\(parts[0]).\(parts[1])".utf8)).ending == .exited(0))
        #expect(try check.run(input: Array("\(parts[0]).\(parts[1])x".utf8)).ending == .exited(1))
    }

    @Test("what is no service account's key is refused, and says why")
    func refused() throws {
        let (_, elliptic) = try made(["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        for (file, words) in [
            (Array("x".utf8), "no JSON"), (Array("{}".utf8), "no service account"),
            (Array(#"{"type":"authorized_user"}"#.utf8), "no service account"),
            (Array(#"{"type":"service_account"}"#.utf8), "missing"),
            (Array(#"{"type":"service_account","client_email":"a","private_key":"b"}"#.utf8), "no RSA key"),
            (elliptic, "no RSA key"), ([], "no JSON"),
        ] {
            let fault = #expect(throws: KeyFault.self) { _ = try ServiceAccountKey(file) }
            #expect(fault?.description.contains(words) == true)
        }
    }
}
