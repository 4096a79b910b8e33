// A real mail server, as Tests/Peers/mail-servers starts it.

import Formats
import Glibc
import Platform
import TestSupport
import Testing

/// Stopped, and its folder removed, when it goes.
final class ServerPeer {
    enum Kind: String { case exim, opensmtpd, postfix, submission }

    let folder: String
    let port: Int
    private let kind: Kind

    static let peers = Files.split(Files.split(Files.split(#filePath).directory).directory).directory + "/Peers"

    /// - Parameters:
    ///   - relay: the port to which `submission` relays.
    ///   - mechanism: by which it lets clients in.
    init(_ kind: Kind, relay: Int = 0, mechanism: String? = nil) throws {
        self.kind = kind
        let folder = "/tmp/herald-peer-\(Randomness.identifier().prefix(8))"
        try Files.makeDirectories(folder)
        self.folder = folder
        if let mechanism { try Files.write("\(mechanism)\n".utf8, to: folder + "/mechanism") }
        // The first time it fetches its packages.
        let result = try Self.run(["start", kind.rawValue, folder, "\(relay)"], .seconds(900))
        port = Int(Self.fact("port", folder)) ?? 0
        let words = String(decoding: result.errors, as: UTF8.self)
        // 77: a container or chroot without namespaces of its own.
        if result.ending == .exited(77), !Completeness.isDemanded {
            try Test.cancel("no \(kind.rawValue) can run here: \(words)")
        }
        try #require(result.ending == .exited(0), "no \(kind.rawValue); HERALD_WITHOUT_PEERS=1 leaves it out: \(words)")
    }

    deinit {
        _ = try? Self.run(["stop", kind.rawValue, folder], .seconds(30))
        try? Files.removeTree(folder)
    }

    static let areLeftOut = getenv("HERALD_WITHOUT_PEERS") != nil

    static func run(
        _ arguments: [String], _ deadline: Duration, script: String = "mail-servers", input: [UInt8] = []
    ) throws -> ChildProcess.Result {
        var child = ChildProcess(["/bin/sh", "\(peers)/\(script)"] + arguments, deadline: deadline)
        for name in ["HERALD_PEERS", "HOME"] {
            if let value = getenv(name) { child.environment.append("\(name)=\(String(cString: value))") }
        }
        return try child.run(input: input)
    }

    private static func fact(_ name: String, _ folder: String) -> String {
        String(decoding: ((try? Files.read("\(folder)/\(name)")) ?? []).prefix { $0 != 0x0a }, as: UTF8.self)
    }

    func fact(_ name: String) -> String { Self.fact(name, folder) }

    /// The files of the Maildir.
    func arrived() throws -> [[UInt8]] {
        let place = folder + "/maildir/new"
        guard (try FileStatus.of(place)) != nil else { return [] }
        return try Files.list(place).map { try Files.read("\(place)/\($0)") }
    }

    /// Until so many have arrived: what a server has taken, it files a moment later.
    func awaitArrivals(_ count: Int) throws -> [[UInt8]] {
        let end = SystemClock.monotonic() + .seconds(60)
        while SystemClock.monotonic() < end {
            let files = try arrived()
            if files.count >= count { return files }
            _ = try Poller.wait([], timeout: .milliseconds(20))
        }
        return try arrived()
    }

    var log: String {
        let logs = [folder + "/log", folder + "/peer.log"].compactMap { try? Files.read($0) }
        return String(decoding: logs.joined(), as: UTF8.self)
    }

    /// Whether a file of a Maildir is this message: below what servers put before it (RFC 5321 section 4.4), every byte is
    /// as it was, with the line ends of files.
    static func isThe(_ file: [UInt8], _ message: [UInt8]) -> Bool {
        let (file, message) = (file.filter { $0 != 0x0d }, message.filter { $0 != 0x0d })
        return file.suffix(message.count).elementsEqual(message)
    }
}
