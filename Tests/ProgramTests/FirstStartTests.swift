// What an administrator is told who starts Herald beside logs that are there already.

import Platform
import Testing

@Suite struct FirstStartTests {
    @Test("the first start says that files begin at their end, and how to look at what is in them; the next does not")
    func saysWhere() throws {
        let site = try TestSite(
            settings: """
                report: {to_email: a@example.org}
                watch: {journal: {enabled: false}, rules: [FOLDER/rules], files: [{path: FOLDER/log/*.log}]}
                """, rules: "rules:\n  - {id: fault, title: A fault, severity: critical, match: FAULT}\n")
        for name in ["a", "b"] { try Files.write("FAULT\n".utf8, to: "\(site.folder)/log/\(name).log") }
        try Files.write("".utf8, to: site.folder + "/log/empty.log")
        for _ in 0..<2 {
            try site.start("watcher", ["--until-idle"])
            #expect(site.awaitEnd("watcher") == 0)
        }
        let said = site.log("watcher").split(separator: "\n").filter { $0.contains("at their end") }
        #expect(said.count == 1, "\(site.log("watcher"))")
        #expect(said.first?.contains("2 files begin at their end") == true)
        #expect(said.first?.contains("(herald scan FILE looks at it)") == true)
    }
}
