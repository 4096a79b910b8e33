import Formats
import Mail
import Platform
import TestSupport
import Testing

@testable import Mailing

@Suite struct QueuePageTests {
    private let start = Timestamp(seconds: 1_800_000_000)
    private let folder: TemporaryFolder
    private let queue: Queue

    init() throws {
        folder = try TemporaryFolder()
        queue = try Queue.open(folder: folder.path).queue
    }

    /// Deliveries of as many letters, every tenth in each of the states 0 to 7 and twice in `sent` and `failed`.
    private func fill(_ count: Int, subject: String = "s") throws {
        try queue.transaction { () throws(QueueError) in
            let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))"
            try queue.execute(
                "\(numbers) INSERT INTO letters(id, sha256, origin, priority, created, subject, taken_in)"
                    + " SELECT printf('%032x', i), x'00', 'watcher', 1, 0, ?, 0 FROM n", [.text(subject)])
            try queue.execute(
                "\(numbers) INSERT INTO deliveries(letter, recipient, state, rank, changed)"
                    + " SELECT printf('%032x', i), 'a@example.org', CASE WHEN i % 10 > 7 THEN i % 10 - 3 ELSE i % 10 END,"
                    + " 2, 0 FROM n")
        }
    }

    private func numbers(states: [DeliveryState] = [], limit: Int = QueuePage.rowsPerPage) throws -> [Int64] {
        var numbers: [Int64] = []
        var cursor: QueueCursor?
        repeat {
            let page = try queue.page(after: cursor, states: states, limit: limit)
            #expect(page.rows.count <= limit)
            numbers += page.rows.map(\.number)
            // As it travels.
            cursor = QueueCursor(page.next?.json)
            #expect(cursor == page.next)
        } while cursor != nil
        return numbers
    }

    @Test("a hundred thousand deliveries are listed, each once, the unfinished first")
    func hundredThousand() throws {
        try fill(100_000)
        let numbers = try numbers()
        #expect(numbers.count == 100_000)
        #expect(Set(numbers).count == 100_000)
        let unfinished = numbers.prefix(50_000)
        #expect(unfinished.elementsEqual(unfinished.sorted()))
        #expect(unfinished.allSatisfy { $0 % 10 < 5 })
        #expect(numbers.suffix(50_000).elementsEqual(numbers.suffix(50_000).sorted(by: >)))
    }

    @Test("pages of any size are parts of one list", arguments: [1, 2, 7, 49, 50, 51, 99, 100, 101])
    func sizes(limit: Int) throws {
        try fill(100)
        #expect(try numbers(limit: limit) == numbers())
        #expect(try numbers(limit: limit).count == 100)
    }

    @Test("a list of some states has these and no others", arguments: DeliveryState.allCases)
    func states(state: DeliveryState) throws {
        try fill(200)
        let all = try queue.page(limit: 500).rows.filter { $0.state.name == state.name }.map(\.number)
        #expect(try numbers(states: DeliveryState.named(state.name) ?? [], limit: 3) == all)
        #expect(!all.isEmpty)
        #expect(DeliveryState.named("none") == nil)
    }

    @Test("a page ends early where its rows are long, and the next one goes on there")
    func longRows() throws {
        try fill(100, subject: String(repeating: "x", count: 100_000))
        var seen: [Int64] = []
        var cursor: QueueCursor?
        var pages = 0
        repeat {
            var page = try queue.page(after: cursor)
            let lines = page.lines()
            #expect(lines.count < 5 << 20)
            let parsed = try lines.split(separator: 0x0a).map { try JSON.parse($0)["number"]?.int }
            #expect(parsed == page.rows.map(\.number))
            seen += page.rows.map(\.number)
            cursor = page.next
            pages += 1
        } while cursor != nil
        #expect(pages == 3)
        #expect(seen == (try numbers()))
    }

    @Test("a letter with a thousand recipients is shown in parts that fit, each of them once")
    func oneLetter() throws {
        let letter = Letter.sample(to: (0..<1000).map { "r\($0)@example.org" })
        _ = try queue.takeIn(letter, at: start)
        _ = try queue.takeIn(.sample(), at: start)
        try queue.execute("UPDATE deliveries SET last_reply = ?", [.text(String(repeating: "y", count: 2000))])
        var page = try queue.page(letter: letter.id, limit: 400)
        #expect(page.rows.count == 400 && page.next != nil)
        let shown = page.shown(bytes: 1 << 19)
        #expect(shown.count < 400 && shown.count > 100)
        #expect(JSON.array(shown).text.utf8.count < 1 << 20)
        var numbers = shown.compactMap { $0["number"]?.int }
        var cursor = page.next
        while let after = cursor {
            let next = try queue.page(letter: letter.id, after: after, limit: 300)
            numbers += next.rows.map(\.number)
            cursor = next.next
        }
        #expect(numbers == Array(1...1000))
        #expect(throws: QueueError.unknown("none")) { try queue.page(letter: "none") }
    }
}
