// A responder on folders of a test's own: built program for documents, real databases, real files.

import Control
import Formats
import Glibc
import Intake
import Logging
import Mail
import Platform
import Replies
import Settings
import Spool
import Testing

@testable import Responding

final class Installation {
    let path: String
    var more = ""

    init() throws {
        path = "/tmp/herald-responding-\(Randomness.identifier())"
        try Files.makeDirectories(path + "/jobs")
    }
    deinit { try? Files.removeTree(path) }

    var inbox: String { path + "/jobs" }

    func drop(_ name: String, _ bytes: some Sequence<UInt8>, in folder: String = "jobs") throws {
        try Files.write(bytes, to: "\(path)/\(folder)/\(name)", mode: 0o644)
    }

    func drop(_ name: String, _ text: String) throws { try drop(name, Array(text.utf8)) }

    func plan() throws -> ResponderPlan {
        let text = """
            report: {to_email: admin@example.org}
            aliases: [{description: jobs, name: Jobs at Example, address: jobs@example.org, default: true}]
            respond:
              own_addresses: [hr@example.org]
              folders:
                - {path: \(inbox), from: jobs, settle: 0s}
            \(more)
            paths: {state: \(path)/state, spool: \(path)/spool, run: \(path)/run}
            """
        let file = ConfigurationFile(path: "herald.yaml", bytes: Array(text.utf8))
        let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "example.org"))
        let given = try #require(settings, "\(diagnostics)")
        let (plan, faults) = ResponderPlan.make(given)
        return try #require(plan, "\(faults)")
    }

    static var extract: ExtractionProcess {
        get throws { ExtractionProcess(path: try #require(ExtractionProcess.find())) }
    }

    func responder(
        extraction: ExtractionProcess? = nil, _ mayPass: @escaping (ItemStep) -> Bool = { _ in true }
    ) throws -> Responder {
        try Responder(
            plan: try plan(), extraction: try extraction ?? Self.extract, options: DaemonOptions(untilIdle: true),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            mayPass: mayPass)
    }

    /// Rounds until nothing is left; the ledger then.
    @discardableResult
    func work() throws -> Ledger {
        let responder = try responder()
        for _ in 1...20 {
            responder.round()
            if responder.isIdle { break }
        }
        let ledger = try responder.ledger()
        #expect(ledger.addsUp, "\(ledger)")
        #expect(ledger["in hand"] == 0, "\(ledger)")
        return ledger
    }

    func names(_ outcome: String) throws -> [String] {
        try Files.list("\(inbox).herald/\(outcome)").filter { !$0.hasSuffix(".herald.json") }
    }

    func sidecar(_ outcome: String, _ name: String) throws -> JSON {
        try JSON.parse(try Files.read("\(inbox).herald/\(outcome)/\(name).herald.json"))
    }

    func rows(_ outcome: String, _ name: String) throws -> [Int64] {
        (try sidecar(outcome, name)["reasons"]?.array ?? []).compactMap { $0["row"]?.int }
    }

    var letters: [Letter] {
        get throws {
            let folder = HandoverFolder(path: path + "/spool/incoming/responder")
            return try folder.waiting().map { try LetterFile.decode(try folder.read($0)) }
        }
    }

    static func resume(_ name: String, _ address: String) -> String {
        """
        \(name)
        \(address)

        Work experience
        2019 - 2026  System administrator, Example Hosting
        Education
        2011 - 2015  BSc Computer Science
        Skills
        systemd, PostgreSQL, nginx
        """
    }

    static func message(_ header: String, attachment: [UInt8], name: String, type: String) -> [UInt8] {
        let text = """
            \(header)
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="b"

            --b
            Content-Type: text/plain; charset=utf-8

            Please find my resume.
            --b
            Content-Type: \(type); name="\(name)"
            Content-Transfer-Encoding: base64
            Content-Disposition: attachment; filename="\(name)"

            \(Base64.encode(attachment))
            --b--

            """
        return Array(text.utf8)
    }

    /// A PDF of one page, written by hand (ISO 32000-1, 7.5).
    static func pdf(_ text: String) -> [UInt8] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let content = "BT /F1 11 Tf 60 780 Td 15 TL\n" + lines.map { "(\($0)) Tj T*\n" }.joined() + "ET"
        let objects = [
            "<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>> >> >>",
            "<</Length \(content.utf8.count)>>\nstream\n\(content)\nendstream",
            "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
        ]
        var file = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.utf8.count)
            file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let start = file.utf8.count
        file +=
            "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n" + offsets.map { pad($0, 10) + " 00000 n \n" }.joined()
        return Array((file + "trailer\n<</Size \(objects.count + 1) /Root 1 0 R>>\nstartxref\n\(start)\n%%EOF\n").utf8)
    }
}
