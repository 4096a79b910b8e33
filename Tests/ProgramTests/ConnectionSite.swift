// Settings with accounts, and `herald test-connection` on them.

import Formats
import Mail
import Platform
import SMTPTransport
import TestSupport
import Testing

/// A folder with settings whose accounts a test gives. FOLDER in them stands for it.
struct ConnectionSite {
    let folder: TemporaryFolder

    /// `more` stands beside the accounts, at the left margin.
    init(_ accounts: String..., more: String = "") throws {
        folder = try TemporaryFolder()
        let list = accounts.map { "    - {\($0)}\n" }.joined()
        let text = """
            report: {to: Admin, to_email: admin@example.org}
            aliases: [{description: alerts, name: Herald, address: herald@example.org, default: true}]
            watch: {journal: {enabled: false}}
            paths: {state: FOLDER/state, spool: FOLDER/spool, run: FOLDER/run}
            smtp:
              accounts:
            \(list)\(more)
            """
        try Files.write(text.replacing("FOLDER", with: folder.path).utf8, to: folder("herald.yaml"))
    }

    /// A file for the accounts to name; its path.
    func write(_ name: String, _ bytes: some Collection<UInt8>) throws {
        try Files.write(Array(bytes), to: folder(name), mode: 0o600)
    }

    func run(_ arguments: String..., under wrapper: [String] = []) throws -> HeraldRun {
        try HeraldRun(["test-connection", "--config", folder("herald.yaml")] + arguments, under: wrapper)
    }
}

extension HeraldRun {
    /// Whether it ended as it does for one account that does not work, and said so: where, why, and what to do.
    func tells(_ step: String, cause: String, remedy: String) {
        let said = "\(output)\(errors)"
        #expect(code == .exited(1), "\(said)")
        #expect(output.contains("Failed at: \(step), after "), "\(said)")
        #expect(line("  Likely cause: ").contains(cause), "\(said)")
        #expect(line("  What to do: ").contains(remedy), "\(said)")
        #expect(!output.contains("Status: OK"), "\(said)")
        #expect(errors.isEmpty, "\(said)")
    }

    /// What stands behind these words.
    func line(_ beginning: String) -> String {
        lines.first { $0.hasPrefix(beginning) }.map { String($0.dropFirst(beginning.count)) } ?? ""
    }
}
