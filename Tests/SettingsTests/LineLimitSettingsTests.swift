// `max_line`: sizes as people write them, within what can be held.

import Formats
import Platform
import Testing
import YAML

@testable import Settings

@Suite struct LineLimitSettingsTests {
    private func load(_ more: String) -> (limit: Int?, faults: [String]) {
        let text = "report: {to_email: a@example.org}\nwatch: {files: [{path: /var/log/a.log\(more)}]}"
        let file = ConfigurationFile(path: "herald.yaml", bytes: Array(text.utf8))
        let (settings, diagnostics) = Settings.load([file], host: .init(mailName: "web1.example.org"))
        return (
            settings?.watch.files.first?.lineLimit, diagnostics.map(\.description).filter { $0.contains("max_line") }
        )
    }

    @Test(
        "a size is a number of bytes, of KiB or of MiB",
        arguments: [
            ("", 65536), (", max_line: 64 KiB", 65536), (", max_line: 256KiB", 262_144), (", max_line: 1 KiB", 1024),
            (", max_line: 100000", 100_000), (", max_line: '2048'", 2048),
        ])
    func sizes(text: String, bytes: Int) {
        let (limit, faults) = load(text)
        #expect(limit == bytes && faults == [])
    }

    @Test(
        "what is no size, or beyond what there may be, is refused with its place",
        arguments: [
            "0", "1023", "257 KiB", "1 MiB", "-5", "64 KB", "64k", "1.5 KiB", "KiB", "'9223372036854775807 MiB'",
            "99999999999999999999", "[64]", "''",
        ])
    func refused(text: String) {
        let (_, faults) = load(", max_line: \(text)")
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("herald.yaml:2:") == true)
        #expect(faults.first?.contains("'max_line' must be a size from 1024 to 262144 bytes, such as 64 KiB") == true)
    }
}
