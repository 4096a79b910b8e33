// Tests/Peers/dovecot-imap, running: a real IMAP server to file copies with.

import Formats
import Glibc
import Platform
import SMTPProtocol

/// Stopped when it goes, and its folder with it.
package final class DovecotPeer: Sendable {
    package let folder: TemporaryFolder
    package let imap: Int
    package let imaps: Int
    package let password: String

    package init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        // The first time it fetches its packages.
        let result = try Self.run("start", folder.path, .seconds(900))
        guard result.ending == .exited(0) else {
            throw TokenPeer.Refused(words: result.words, isImpossible: result.ending == .exited(77))
        }
        func fact(_ name: String) throws -> String {
            String(decoding: try Files.read(folder(name)).prefix { $0 != 0x0a }, as: UTF8.self)
        }
        (imap, imaps, password) = (Int(try fact("imap")) ?? 0, Int(try fact("imaps")) ?? 0, try fact("password"))
    }

    deinit { _ = try? Self.run("stop", folder.path, .seconds(60)) }

    private static func run(_ command: String, _ folder: String, _ deadline: Duration) throws -> ChildProcess.Result {
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/dovecot-imap"
        return try ChildProcess(["/bin/sh", script, command, folder], deadline: deadline).run()
    }

    package var authority: String { folder("ca.pem") }
    package var log: String {
        String(decoding: (try? Files.read(folder("log/dovecot/log"))) ?? [], as: UTF8.self)
    }

    /// An access token that the server takes for so long from now (RFC 7519, HS256).
    package func token(for address: String, lifetime: Duration = .seconds(600)) throws -> Secret {
        let now = SystemClock.now()
        func base64(_ bytes: some Collection<UInt8>) -> String {
            Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        let claims: JSON = [
            "sub": .string(address), "email": .string(address), "iat": .int(now.seconds - 10),
            "nbf": .int(now.seconds - 10),
            "exp": .int((now + lifetime).seconds), "iss": "test",
        ]
        let text = base64(#"{"alg":"HS256","typ":"JWT"}"#.utf8) + "." + base64(claims.text.utf8)
        let key = Base64.decode(try Files.read(folder("key"))) ?? []
        return Secret(text + "." + base64(SHA256.authenticate(text.utf8, key: key)))
    }

    /// The folder's messages, and how their files are called; a folder's name as on the wire.
    package func messages(_ user: String, _ name: String) throws -> [(file: String, bytes: [UInt8])] {
        let place = folder("maildir/\(user)/.\(name)")
        var found: [(file: String, bytes: [UInt8])] = []
        for part in ["new", "cur"] {
            for file in (try? Files.list("\(place)/\(part)")) ?? [] {
                found.append(("\(part)/\(file)", try Files.read("\(place)/\(part)/\(file)")))
            }
        }
        return found
    }

    /// The name of the marked folder, as on the wire.
    package static let marked = "Gesendete Objekte &- Mehr"
    package static let named = "Entw&APw-rfe &- Gesendetes"
}
