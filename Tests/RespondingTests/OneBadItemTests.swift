import Database
import Formats
import Glibc
import Platform
import Testing

@testable import Responding

@Suite("One bad item or letter")
struct OneBadItemTests {
    static let jane = Installation.resume("Jane Example", "jane@applicants.example")

    @Test("a letter that cannot be read holds up no other, and is told")
    func unreadableLetter() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/spool/incoming")
        try Files.write([UInt8](), to: site.path + "/spool/incoming/responder")
        try site.drop("a.txt", Self.jane)
        let responder = try site.responder()
        responder.round()
        let database = try Database(path: site.path + "/state/responder/responder.db")
        try database.execute("INSERT INTO outbox VALUES('0', 'none', ?)", [.blob(Array("no letter".utf8))])
        try Files.remove(site.path + "/spool/incoming/responder")
        responder.round()
        #expect(try site.letters.count == 1)
        #expect(try responder.ledger().outbox == 1)
        #expect(responder.problems.count == 1 && responder.problems[0].contains("cannot be read"))
    }

    @Test(
        "an item whose reading ends the responder again and again comes last, and is failed in the end; the others go on"
    )
    func poison() throws {
        let site = try Installation()
        try site.drop("poison.txt", Self.jane)
        for _ in 1...5 {
            let crashing = try site.responder { $0 != .read }
            #expect(!crashing.round())
        }
        try site.drop("good.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        let ledger = try site.work()
        #expect(ledger["failed"] == 1 && ledger["done"] == 1, "\(ledger)")
        #expect(try site.names("failed") == ["poison.txt"])
        let words = try site.sidecar("failed", "poison.txt")["reasons"]?.array?.first?["text"]?.string
        #expect(words?.contains("ended the responder 5 times") == true)
    }

    @Test("an attempt that an outage ended does not count")
    func outageCountsNot() throws {
        let site = try Installation()
        try site.drop("cv.txt", Self.jane)
        for _ in 1...4 {
            let responder = try site.responder(extraction: ExtractionProcess(path: "/nowhere/herald-extract"))
            responder.round()
            #expect(responder.hasTrouble)
        }
        #expect(try site.work()["done"] == 1)
    }

    enum Damage: CaseIterable { case vanished, link, folder, copyLost }

    @Test(
        "an item that cannot be read any more is failed with its reason; the others go on", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        let site = try Installation()
        try site.drop("bad.txt", Self.jane)
        do {
            let crashing = try site.responder { $0 != .entered }
            #expect(!crashing.round())
        }
        let work = site.inbox + ".herald/work"
        let folder = work + "/" + (try #require(try Files.list(work).first))
        try Files.remove(folder + "/bad.txt")
        switch damage {
        case .vanished: try Files.removeTree(folder)
        case .link: #expect(symlink("/etc/passwd", folder + "/bad.txt") == 0)
        case .folder: try Files.makeDirectories(folder + "/bad.txt")
        case .copyLost: break
        }
        try site.drop("good.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        let ledger = try site.work()
        #expect(ledger["failed"] == 1 && ledger["done"] == 1, "\(ledger)")
        let words = try site.sidecar("failed", "bad.txt")["reasons"]?.array?.first?["text"]?.string
        #expect(words?.contains("cannot ") == true, "\(words ?? "")")
        #expect(try Files.list(work).isEmpty)
    }

    @Test("an item whose every name is taken is not finished, and is filed when one is free")
    func namesTaken() throws {
        let site = try Installation()
        try site.drop("cv.txt", Self.jane)
        try site.drop("other.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        let database = Box<Database>()
        let responder = try site.responder { step in
            guard step == .named, let database = database.value else { return true }
            for row in (try? database.query("SELECT filed_as FROM item WHERE name = ?", [.blob(Array("cv.txt".utf8))]))
                ?? []
            {
                guard let name = row[0].bytes else { continue }
                _ = try? Directory(site.inbox + ".herald/done").create(name, "taken".utf8, mode: 0o644)
            }
            return true
        }
        database.value = try Database(path: site.path + "/state/responder/responder.db")
        responder.round()
        #expect(responder.hasTrouble)
        #expect(try site.names("done").contains("other.txt"))
        #expect(try Files.list(site.inbox + ".herald/work").count == 2)
        database.value = nil
        responder.round()
        #expect(!responder.hasTrouble, "\(responder.problems)")
        #expect(try Files.list(site.inbox + ".herald/work").isEmpty)
        let kept = try site.names("done").contains { name in
            String(decoding: try Files.read("\(site.inbox).herald/done/\(name)"), as: UTF8.self) == Self.jane
        }
        #expect(kept)
    }

    private final class Box<Value> { var value: Value? }
}
