import Database
import Glibc
import TestSupport
import Testing

@Suite struct SchemaTests {
    private let temporary = try? TemporaryFolder()
    private var folder: String { temporary?.path ?? "" }

    @Test("steps are applied once, and what was committed is there again") func steps() throws {
        let path = folder + "/a.db"
        let first = Schema(["CREATE TABLE t (a INTEGER)"])
        try first.open(path).database.execute("INSERT INTO t VALUES (?)", [.integer(7)])
        let second = Schema(first.steps + ["ALTER TABLE t ADD COLUMN b TEXT"])
        let (database, aside) = try second.open(path)
        #expect(aside == nil)
        #expect(try database.query("SELECT a, b FROM t") == [[.integer(7), .null]])
    }

    @Test("a transaction that throws leaves nothing") func rollback() throws {
        let (database, _) = try Schema(["CREATE TABLE t (a INTEGER PRIMARY KEY)"]).open(folder + "/b.db")
        #expect(throws: DatabaseError.self) {
            try database.transaction { () throws(DatabaseError) in
                try database.execute("INSERT INTO t VALUES (1)")
                try database.execute("INSERT INTO t VALUES (1)")
            }
        }
        #expect(try database.query("SELECT count(*) FROM t") == [[.integer(0)]])
    }

    @Test("values come back as they went in") func values() throws {
        let (database, _) = try Schema(["CREATE TABLE t (a)"]).open(folder + "/c.db")
        let values: [SQLValue] = [
            .null, .integer(.min), .real(1.5), .text("é\u{0}x"), .text(""), .blob([0, 255]), .blob([]),
        ]
        for value in values { try database.execute("INSERT INTO t VALUES (?)", [value]) }
        #expect(try database.query("SELECT a FROM t ORDER BY rowid").map { $0[0] } == values)
    }

    @Test("damaged and newer state is set aside, kept, and told") func setAside() throws {
        let path = folder + "/d.db"
        try Schema(["CREATE TABLE t (a)", "CREATE TABLE u (a)"]).open(path).database.execute("INSERT INTO t VALUES (1)")
        let (fresh, told) = try Schema(["CREATE TABLE t (a)"]).open(path)
        #expect(told?.contains("newer version") == true && told?.contains("d.db.set-aside-1") == true)
        #expect(try fresh.query("SELECT * FROM t").isEmpty)
        #expect(access(path + ".set-aside-1", F_OK) == 0)

        let broken = folder + "/e.db"
        let file = try #require(fopen(broken, "w"))
        fputs(String(repeating: "no database ", count: 1000), file)
        fclose(file)
        let (_, damage) = try Schema(["CREATE TABLE t (a)"]).open(broken)
        #expect(damage?.contains("it is damaged") == true)
        #expect(access(broken + ".set-aside-1", F_OK) == 0)
    }
}
