import Records
import Testing

@testable import LogSources

@Suite struct JournalCatalogTests {
    private func record(_ fields: [(String, String)]) -> Record {
        Record(source: .journal(""), message: Array("m".utf8), fields: fields.map { Field($0.0, $0.1) })
    }

    private let coredump = """
        Subject: Process @COREDUMP_PID@ (@COREDUMP_COMM@) dumped core
        Defined-By: systemd
        Support: https://www.example.org/
        Documentation: man:core(5)

        Process @COREDUMP_PID@ (@COREDUMP_COMM@) crashed
        and dumped core.

        This usually indicates a programming error; write to bugs@example.org.
        """

    @Test("the subject and the paragraphs come with the entry's values in their places, the other headers not")
    func filled() {
        let text = JournalCatalog.explanation(
            Array(coredump.utf8), of: record([("COREDUMP_PID", "812"), ("COREDUMP_COMM", "mysqld")]))
        #expect(
            text == """
                Process 812 (mysqld) dumped core
                Process 812 (mysqld) crashed and dumped core.
                This usually indicates a programming error; write to bugs@example.org.
                """)
    }

    @Test("a field that the entry lacks is a question mark, and a hostile one is escaped, cut and on its line")
    func hostile() throws {
        let name = "evil\n\u{1b}[31m@COREDUMP_PID@\u{202e}" + String(repeating: "x", count: 10_000)
        let text = try #require(
            JournalCatalog.explanation(Array(coredump.utf8), of: record([("COREDUMP_COMM", name)])))
        let subject = try #require(text.split(separator: "\n").first)
        #expect(subject.hasPrefix("Process ? (evil\\n\\u{1b}[31m@COREDUMP_PID@\\u{202e}xxx"))
        #expect(subject.count < 300 && text.count <= JournalCatalog.limit + 1)
    }

    @Test(
        "a text that is no catalog entry does no harm", arguments: ["", "\n\n\n", "Subject:\n\n", "@@@A@\n", "Subject"])
    func odd(text: String) { #expect(JournalCatalog.explanation(Array(text.utf8), of: record([])) == nil) }

    @Test("an entry without a MESSAGE_ID, with one that is none, and with an unknown one has no explanation")
    func unknown() {
        for id in [nil, "", "zz", "../../etc/passwd", String(repeating: "0", count: 31) + "1"] {
            var entry = record([])
            entry.messageID = id
            #expect(JournalCatalog.explanation(of: entry) == nil)
        }
    }
}
