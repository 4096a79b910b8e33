// What is over is kept, but not without bound; and what is damaged is told once.

import Database
import Formats
import Incidents
import Mail
import Platform
import Records
import Testing

@testable import Watching

@Suite struct HistoryTests {
    private let folder: WatcherFolder

    init() throws { folder = try WatcherFolder() }

    /// Rows of incidents that are over, the first the oldest.
    private func fill(_ database: Database, _ count: Int, changed: Timestamp) throws {
        try database.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            INSERT INTO incidents SELECT 1000000 + i, 0, '', 'r', 2, 'quiet', 'h', 't', 1, 1, 0, 0, 0, ? + i,
              '{"id":1,"samples":[{"text":"secret line"}],"shown_samples":[1],"hits":9007199254740993}', 1 FROM n
            """, [SQLValue(count), .integer(changed.microseconds)])
        try database.execute(
            "INSERT INTO reports SELECT changed, id, 'first', 1, NULL, NULL FROM incidents WHERE in_book = 0")
    }

    private func number(_ database: Database, _ query: String) throws -> Int64 {
        try database.query(query).first?[0].int ?? -1
    }

    @Test func `Of more than can be kept the oldest go, with their reports, step by step`() throws {
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let (store, now) = (watcher.store, folder.time.wall)
        try fill(store.database, WatcherStore.keptIncidents + 1200, changed: now - .seconds(3600))
        var steps = 0
        while try store.prune(at: now) {
            steps += 1
            try #require(steps < 100)
        }
        #expect(steps >= 2)
        #expect(try number(store.database, "SELECT count(*) FROM incidents") == Int64(WatcherStore.keptIncidents))
        #expect(try number(store.database, "SELECT min(id) FROM incidents") == 1_001_201)
        #expect(try number(store.database, "SELECT min(incident) FROM reports") == 1_001_201)
    }

    @Test func `A day after their end incidents are kept without their lines, after a month not at all`() throws {
        let watcher = try folder.watcher()
        watcher.settle(folder)
        let (store, now) = (watcher.store, folder.time.wall)
        try fill(store.database, 700, changed: now)
        try store.database.execute("UPDATE incidents SET detail = 'damaged' WHERE id = 1000007")
        let lines = "SELECT count(*) FROM incidents WHERE detail LIKE '%secret line%'"
        while try store.prune(at: now + .seconds(3600)) {}
        #expect(try number(store.database, lines) == 699)
        while try store.prune(at: now + .seconds(90_000)) {}
        #expect(try number(store.database, lines) == 0)
        #expect(try number(store.database, "SELECT count(*) FROM incidents WHERE detail = 'damaged'") == 1)
        let kept = try store.database.query("SELECT detail FROM incidents WHERE id = 1000008").first?[0].string ?? ""
        #expect(try JSON.parse(kept)["hits"]?.int == 9_007_199_254_740_993)
        while try store.prune(at: now + .seconds(31 * 86400)) {}
        #expect(try number(store.database, "SELECT count(*) FROM incidents") == 0)
        #expect(try number(store.database, "SELECT count(*) FROM reports") == 0)
    }

    @Test func `What is open keeps its lines, however old`() throws {
        let watcher = try folder.watcher()
        watcher.settle(folder)
        try folder.append("md0: disk failure")
        watcher.settle(folder)
        while try watcher.store.prune(at: folder.time.wall + .seconds(365 * 86400)) {}
        let shown = try #require(try watcher.store.incident(1))
        #expect(shown.state == .open && !shown.shownSamples.isEmpty)
    }

    @Test(arguments: ["file:/var/log/other.log", "no source at all"])
    func `Lines that were held and cannot be read are told once as lost, and not met again`(key: String) throws {
        try folder.watcher().settle(folder)
        let database = try Database(path: folder.database)
        try database.execute("INSERT INTO held VALUES (?, ?)", [.text(key), .blob(Array("{}\n".utf8))])
        for _ in 0..<3 {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            #expect(watcher.book.openIncidents.map(\.rule.id) == ["herald-file-gap"])
            #expect(watcher.book.openIncidents.first?.hits == 1)
        }
        #expect(try number(database, "SELECT count(*) FROM held") == 0)
        #expect(try folder.newHits() == 1)
    }

    @Test func `Incidents that cannot be read are told once as lost, and their rows stay for a look`() throws {
        do {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            try folder.append(WatcherTests.oom, "md0: disk failure")
            watcher.settle(folder)
        }
        let database = try Database(path: folder.database)
        try database.execute("UPDATE incidents SET detail = '{}' WHERE id = 1")
        for _ in 0..<3 {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            #expect(watcher.book.openIncidents.map(\.rule.id) == ["raid", "herald-state-unreadable"])
        }
        #expect(try number(database, "SELECT in_book FROM incidents WHERE id = 1") == 0)
        #expect(try folder.newHits() == 3)
    }
}
