// Tests/Peers/token-server, running: a token endpoint that answers as the providers document it.

import Formats
import Glibc
import Platform

/// Stopped when it goes, and its folder with it.
package final class TokenPeer: Sendable {
    package let folder: TemporaryFolder
    package let port: Int

    package struct Refused: Error {
        package var words: String
        /// The machine has not what it takes.
        package var isImpossible = false
    }

    package init() throws {
        folder = try TemporaryFolder()
        let result = try Self.run("start", folder.path)
        guard result.ending == .exited(0),
            let port = Int(String(decoding: try Files.read(folder("port")), as: UTF8.self))
        else { throw Refused(words: result.words) }
        self.port = port
    }

    deinit { _ = try? Self.run("stop", folder.path) }

    private static func run(_ command: String, _ folder: String) throws -> ChildProcess.Result {
        let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/token-server"
        return try ChildProcess([script, command, folder], deadline: .seconds(60)).run()
    }

    package var url: String { "https://localhost:\(port)" }
    package var authority: String { folder("ca.pem") }

    /// What it was asked, in order.
    package func requests(of client: String) throws -> [JSON] {
        guard let bytes = try? Files.read(folder("requests")) else { return [] }
        return try bytes.split(separator: 0x0a).map { try JSON.parse($0) }.filter { $0["client_id"]?.string == client }
    }

    /// The keys of `oauth` in settings.
    package func oauth(_ client: String, _ more: String = "device_url: 'URL/devicecode'") -> String {
        "{provider: custom, client_id: '\(client)', token_url: '\(url)/token', ca_file: \(authority), "
            + more.replacing("URL", with: url) + "}"
    }
}
