// Secrets do not leave the host; what is none stays readable. In the first table, « and » stand around what must be gone.

import Testing

@testable import Incidents

@Suite struct SecretMaskTests {
    private func masked(_ text: String) -> String {
        String(decoding: SecretMask.masked(Array(text.utf8)), as: UTF8.self)
    }

    static let secrets = [
        // URLs and connection strings
        "postgres://app:«s3cr3t»@db/x failed", "https://user:«p@ss»@host/", "redis://:«hunter2»@10.0.0.4:6379/0",
        "amqp://guest:«gu,est;1»@mq:5672", "dial app:«hunter2»@tcp(10.0.0.3:3306)/orders: timeout",
        "Server=db1;Uid=app;Pwd=«hunter2»;Database=x", "host=db user=app password=«hunter2» dbname=x",
        "host=db password='«two words»' user=x", "AccountKey=«c2VjcmV0a2V5c2VjcmV0==»;EndpointSuffix=core",
        "jdbc:mysql://h/d?user=a&password=«b»&ssl=true", "GET /cb?token=«abc123»&x=1 HTTP/1.1",
        "GET /cb?access_token=«abc123» HTTP/1.1", "https://s3/x?X-Amz-Signature=«0123456789abcdef0123»&y=1",
        "POST https://hooks.slack.com/services/«T00000000/B00000000/XXXXXXXXXXXX» failed",
        "https://api.telegram.org/bot«123456:ABC-DEF1234ghIkl»",
        // headers
        "Authorization: «Bearer abcDEF123456789»", "passwd-authorization: «Digest a, b»",
        "token_authorization: «Bearer a1, b»",
        "curl -H 'Authorization: «Basic dXNlcjpwYXNz»' https://h/",
        "got header bearer «abcDEF123456789»", "proxy said Basic «dXNlcjpodW50ZXIy»", "X-Api-Key: «0a1b2c3d»",
        "Set-Cookie: «sid=1; path=/»", "Cookie: «PHPSESSID=abc; x=y»", "upstream cookie=«abc; def»",
        "PHPSESSID=«0123456789abcdef»", "C: AUTH PLAIN «AGFsaWNlAGh1bnRlcjI=»",
        // name and value
        "login password=«hunter2» refused", "DB_PASSWORD: «hunter2»", "passwd: «hunter2»", "Passphrase = «hunter2»",
        "PGPASSWORD=«hunter2» psql", "smtp_pass: «hunter2»", "DB_PASS=«hunter2»", "-passin pass:«hunter2»",
        "clientSecret=«abc»", "client_secret=«abc»&grant=x", "password=«hun,ter)2», user=bob", "(password=«hunter2»)",
        "[password:«hunter2»]", "password => «hunter2»", "user[password]=«hunter2»&x=1", "token=«7f3a»", "pw=«x1»",
        "token_token-api-key_of_x: «hunter2»", "password=«ünïcödé»", "password:\t«hunter2»",
        "Invalid password '«hunter2»' for user bob", "ALTER ROLE app PASSWORD '«hunter2»'",
        "CREATE USER x IDENTIFIED BY '«hunter2»'", "SET PASSWORD = PASSWORD('«hunter2»')",
        // JSON and its escapes, XML
        "{\"api_key\": \"«abc\\\"def»\", \"user\": \"x\"}", "{\"password\":\"«hunter2»\",\"user\":\"x\"}",
        "msg=\"{\\\"password\\\":\\\"«hunter2»\\\",\\\"user\\\":\\\"x\\\"}\"", "{'token': '«abc»'}",
        "body=%7B%22password%22%3A%22«hunter2»%22%7D", "&quot;secret&quot;:&quot;«hunter2»&quot;,",
        "<password>«hunter2»</password>", "<wsse:Password>«hunter2»</wsse:Password>", "\"password\": \"«never closed",
        // command lines
        "run --password «hunter2» now", "run --db-password=«hunter2» now",
        "COMMAND=/usr/bin/mysql -uroot -p«hunter2» app",
        "mysqldump -h db -p'«hun ter2»' app", "sshpass -p «hunter2» ssh host", "curl -u bob:«hunter2» https://h/",
        "curl --user bob:«hunter2» https://h/", "redis-cli -a «hunter2» ping", "ldapsearch -D cn=x -w «hunter2» -b y",
        // tokens
        "key AKIA«ABCDEFGHIJKLMNOP» used", "ghp_«abcdefghijklmnop0123» leaked",
        "push with glpat-«abcdefghij0123456789»",
        "xoxb-«123456789012-abcdefghijkl»", "stripe sk_live_«abcdefghijkl0123»", "AIza«SyD-0123456789abcdefghij»",
        "jwt eyJ«hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl» refused",
        // private keys
        "-----BEGIN RSA PRIVATE KEY-----«\nMIIE\nabc\n»-----END RSA PRIVATE KEY-----\nafter",
        "-----BEGIN PRIVATE KEY-----«MIIEcut", "-----BEGIN PGP PRIVATE KEY BLOCK-----«\n\nlQ==\n»-----END PGP",
        "{\"key\":\"-----BEGIN PRIVATE KEY-----«\\nMIIE\\n»-----END PRIVATE KEY-----\\n\"}",
    ]

    @Test(arguments: secrets) func `What looks like a secret is masked`(row: String) {
        let pieces = row.split(separator: "«", omittingEmptySubsequences: false)
        let expected = pieces.dropFirst().reduce(String(pieces[0])) { text, piece in
            text + "***" + (piece.split(separator: "»", maxSplits: 1).dropFirst().first ?? "")
        }
        let text = row.replacing("«", with: "").replacing("»", with: "")
        #expect(masked(text) == expected)
        #expect(masked(expected) == expected, "a second time changes nothing")
    }

    @Test(arguments: [
        "Failed password for root from 10.0.0.1 port 22 ssh2", "password authentication failed for user \"app\"",
        "Access denied for user 'root'@'localhost' (using password: YES)", "token expired", "token: expired",
        "Unexpected token '<' in JSON at position 0", "syntax error: unexpected token: }", "secret not found",
        "secret \"db-creds\" not found", "secrets \"db-creds\" is forbidden", "cannot read /etc/passwd",
        "/etc/passwd: permission denied", "passwd[812]: password changed for alice", "Secret::Store::open failed",
        "passwd: pam_unix(passwd:chauthtok): password changed for alice", "Authentication token manipulation error",
        "could not get token: connection refused", "password: must be at least 8 characters", "password=", "password",
        "no token", "max_tokens=4096", "prompt tokens: 812", "token_type=bearer", "password_file=/run/secrets/db",
        "secretName: db-creds", "passwordless: true", "token_endpoint=https://idp/token", "token=null",
        "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls -p x",
        "Sending cookies.  Check SNMP counters.",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 of 2026",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b",
        "UUID=6c8f3b0a-52d1-4f6e-9a3c-7b1e2d4f5a6b mounted", "serial 5000c500a1b2c3d4, wwn 0x5000c500a1b2c3d4",
        "connect to http://host:8080/path", "see https://example.org/a@b", "mailto:a@b", "[::1]:8080 refused a@b",
        "basic auth is not enabled", "the bearer of this letter", "digest mismatch for layer", "AUTH LOGIN failed",
        "-----BEGIN CERTIFICATE-----", "sk-learn failed", "eyJ is no token", "pass: 12, fail: 3", "bypass=1",
        "compass: north", "mkdir -p /srv/x", "mysql -p app", "curl -u bob https://h/",
        "curl --user-agent a:b https://h/",
        "sid=1000", "SID=S-1-5-21-3623811015-3361044348", "signature=bad", "Cookie: none",
        "authorization: denied by policy",
        "uid=110 euid=0 tty=ssh ruser= rhost=10.0.0.9", "ext4-fs error: ino 812, block 4711: comm mysqld",
    ])
    func `What is none stays as it is`(text: String) { #expect(masked(text) == text) }

    /// Each once took the square of its length, or could have.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "token", "token ", "token:", "password='", "password:!", "pwd=/", "eyJaaaaaaaaaaaa-", "eyJ.", "ghp_", "sk-",
            "://", "a:b@tcp(", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN ", "mysql -p", "curl -u ", "bearer ",
            "password=a,", "<password>", "\\\\\\\\\\\\\\\\", "password=%22", "cookie:", "{\"password\":\"",
        ])
    func `A long hostile text is gone through once`(piece: String) {
        let text = Array(String(repeating: piece, count: 20_000 / piece.utf8.count).utf8)
        let once = SecretMask.masked(text)
        #expect(SecretMask.masked(once) == once)
    }

    @Test func `A secret that is cut is masked before the cut`() {
        let text = String(repeating: "x", count: Sample.limit - 12) + " password=" + String(repeating: "s", count: 200)
        #expect(!Sample.line(Array(text.utf8)).contains("sss"))
    }

    private static let body = [
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
        "MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu",
    ]

    @Test(arguments: ["", "Nov 21 12:41:14 web1 app[812]: "])
    func `A key that is logged line by line is masked, wherever the sample begins`(header: String) {
        let key = ["-----BEGIN PRIVATE KEY-----"] + Self.body + ["x8Q=", "-----END PRIVATE KEY-----"]
        let lines = (["starting"] + key + ["done"]).map { header + Sample.line(Array($0.utf8)) }
        for range in [0..<7, 2..<7, 4..<7, 0..<4] {
            let shown = SecretMask.maskedKeys(Array(lines[range]))
            #expect(!shown.contains { $0.contains("MIIE") || $0.contains("MzEf") || $0.contains("x8Q") }, "\(shown)")
            if range.contains(6) { #expect(shown.last == header + "done") }
        }
        let origin = Origin(host: "h", source: "s")
        var sample = Sample(
            time: .init(seconds: 0), origin: origin, text: lines[2], before: Array(lines[..<2]), after: [lines[3]])
        sample.append(after: [lines[4], lines[5], lines[6]])
        let text = (sample.before + [sample.text] + sample.after).joined(separator: "\n")
        #expect(!text.contains("MIIE") && !text.contains("MzEf") && !text.contains("x8Q"))
        #expect(text.contains("starting") && text.contains("done"))
    }

    @Test func `Lines that only look like a key's stay`() {
        let lines = [
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "-----BEGIN CERTIFICATE-----",
            "MIIC", "-----END CERTIFICATE-----", "word",
        ]
        #expect(SecretMask.maskedKeys(lines) == lines)
    }
}
