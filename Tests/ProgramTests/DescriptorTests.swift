// A whole watcher that may open fewer files than it is to watch.

import Formats
import Glibc
import Platform
import Testing

@Suite struct DescriptorTests {
    private static let rules = """
        rules:
          - id: test-fault
            title: "Fault of {file}"
            severity: critical
            match: 'FAULT of (?<file>\\w+)'
            group_by: [file]
        """
    private static let settings = """
        report: {to_email: admin@example.org, group_wait: 0s, max_per_hour: 1000}
        watch:
          journal: {enabled: false}
          files: [{path: FOLDER/log/*.log}]
          rules: [FOLDER/rules]
        """

    @Test("more files than descriptors: said once, the others are followed, and those beyond are read when files go")
    func tooFew() throws {
        let site = try TestSite(settings: Self.settings, rules: Self.rules)
        let count = 72
        func tell(_ number: Int, _ what: String) throws {
            let log = try Descriptor.open("\(site.folder)/log/\(number).log", O_WRONLY | O_APPEND | O_CREAT)
            try log.write("\(SystemClock.now().rfc3339()) web1 app[1]: FAULT of \(what)\(number)\n".utf8)
        }
        for name in ["mailer", "watcher"] {
            try site.start(name, descriptors: name == "watcher" ? 64 : nil)
            try site.awaitReady(name)
        }
        for number in 0..<count { try tell(number, "first") }
        // As many as it may open, and some are left for its own.
        var sources = try sources(site)
        _ = try site.eventually(within: .seconds(300)) {
            sources = try self.sources(site)
            return sources.unread.count + sources.well.count == count
        }
        #expect(sources.well.count + sources.unread.count == count, "\(site.log("watcher"))")
        #expect(sources.well.count == 32 && sources.unread.count == 40, "\(sources.well.count) are read")
        // These go on: all that is written to them is told, and the control socket answers.
        for number in sources.well { try tell(number, "second") }
        let expected = sources.well.count * 2
        #expect(try site.eventually(within: .seconds(300)) { self.faults(site).count >= expected })
        #expect(Set(faults(site)) == Set(sources.well.flatMap { ["first\($0)", "second\($0)"] }))
        for number in sources.unread { try tell(number, "second") }
        // Files go, those beyond take their places.
        var waiting = Set(sources.unread)
        for _ in 0..<10 where !waiting.isEmpty {
            for number in sources.well { unlink("\(site.folder)/log/\(number).log") }
            let before = waiting.count
            _ = try site.eventually(within: .seconds(300)) {
                sources = try self.sources(site)
                waiting.subtract(sources.well)
                return waiting.count < before
            }
        }
        _ = try site.eventually(within: .seconds(300)) { self.faults(site).count >= count * 2 }
        for name in ["watcher", "mailer"] { #expect(site.stop(name) == 0, "\(site.log(name))") }
        let all = (0..<count).flatMap { ["first\($0)", "second\($0)"] }
        #expect(faults(site).sorted() == all.sorted(), "\(site.log("watcher"))")
        // A letter or two of the files that are not read, not one of each.
        let others = site.letters.all.compactMap { $0.header("Subject") }.filter { !$0.contains("Fault of ") }
        #expect(others.count <= 3, "\(others)")
        for number in 0..<count {
            let words = site.log("watcher").split(separator: "\n").filter {
                $0.contains("/log/\(number).log") && $0.contains("LimitNOFILE=")
            }
            #expect(words.count <= 1, "\(words)")
        }
    }

    /// The numbers of the files that are read, and of those that are not.
    private func sources(_ site: TestSite) throws -> (well: [Int], unread: [Int]) {
        let list = try site.ask("watcher", "status").result["sources"]?.array ?? []
        var found: (well: [Int], unread: [Int]) = ([], [])
        for source in list {
            guard let name = source["name"]?.string, name.hasSuffix(".log"),
                let number = Int(Files.split(name).name.dropLast(4))
            else { continue }
            if source["state"]?.string == "well" { found.well.append(number) } else { found.unread.append(number) }
        }
        return found
    }

    /// What the letters so far tell.
    private func faults(_ site: TestSite) -> [String] {
        site.letters.all.compactMap { $0.header("Subject") }.filter { $0.contains("Fault of ") }
            .compactMap { $0.split(separator: " ").last.map(String.init) }
    }
}
