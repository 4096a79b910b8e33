import Database
import Formats
import Glibc
import Mail
import Platform
import Testing

@testable import Responding

@Suite("The responder")
struct ResponderTests {
    static let jane = Installation.resume("Jane Example", "jane@applicants.example")

    @Test("answers a PDF, a text, a JSON Resume and a message, each once")
    func answers() throws {
        let site = try Installation()
        try site.drop("a.pdf", Installation.pdf(Installation.resume("Anna Schmidt", "anna@applicants.example")))
        try site.drop("b.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        try site.drop("c.json", #"{"basics":{"name":"Carla Example","email":"carla@applicants.example"},"work":[]}"#)
        let message =
            "From: Dora Example <dora@applicants.example>\nTo: jobs@example.org\nSubject: My application\nMessage-ID: <d@applicants.example>"
        let resume = Installation.pdf(Installation.resume("Dora Example", "dora@applicants.example"))
        try site.drop(
            "d.eml", Installation.message(message, attachment: resume, name: "cv.pdf", type: "application/pdf"))
        let ledger = try site.work()
        #expect(ledger["done"] == 4, "\(ledger)")
        #expect(try site.names("done") == ["a.pdf", "b.txt", "c.json", "d.eml"])
        let letters = try site.letters
        #expect(
            Set(letters.flatMap(\.envelope.recipients).map(\.text))
                == ["anna", "bob", "carla", "dora"].reduce(into: []) { $0.insert($1 + "@applicants.example") })
        #expect(
            letters.allSatisfy {
                $0.envelope.recipients.count == 1 && $0.alias == "jobs" && $0.origin == "responder"
                    && $0.priority == .reply
            })
        let reply = try #require(letters.first { $0.subject == "Auto: My application" })
        #expect(ParsedMessage(reply.message).inReplyTo == ["<d@applicants.example>"])
        #expect(try site.sidecar("done", "a.pdf")["candidate"]?["address"]?.string == "anna@applicants.example")
        // Nothing is done again by a second start.
        #expect(try site.work() == ledger)
        #expect(try site.letters.count == 4)
    }

    @Test("does not answer machines, and says why beside the item")
    func refuses() throws {
        let site = try Installation()
        let resume = Array(Self.jane.utf8)
        for (name, field) in [
            ("list", "List-Id: <x.example>"), ("vacation", "Auto-Submitted: auto-replied"),
            ("bounce", "Return-Path: <>"),
        ] {
            let header = "\(field)\nFrom: Jane Example <jane@applicants.example>\nMessage-ID: <\(name)@x.example>"
            try site.drop(
                name + ".eml", Installation.message(header, attachment: resume, name: "cv.txt", type: "text/plain"))
        }
        let ledger = try site.work()
        #expect(ledger["rejected"] == 3)
        #expect(try site.letters.isEmpty)
        #expect(try site.rows("rejected", "list.eml") == [3])
        #expect(try site.rows("rejected", "vacation.eml") == [2])
        #expect(try site.rows("rejected", "bounce.eml") == [1])
    }

    @Test("answers a person once per position: the same mail to two addresses, a second file, a revision")
    func once() throws {
        let site = try Installation()
        let header = "From: Jane Example <jane@applicants.example>\nMessage-ID: <1@x.example>\nTo: "
        let resume = Array(Self.jane.utf8)
        try site.drop(
            "1.eml",
            Installation.message(header + "jobs@example.org", attachment: resume, name: "cv.txt", type: "text/plain"))
        #expect(try site.work()["done"] == 1)
        try site.drop(
            "2.eml",
            Installation.message(header + "hr@example.org", attachment: resume, name: "cv.txt", type: "text/plain"))
        try site.drop("3.txt", Self.jane)
        try site.drop("4.txt", Self.jane + "\nanother line")
        let ledger = try site.work()
        #expect(ledger["done"] == 1 && ledger["duplicate"] == 3, "\(ledger)")
        #expect(try site.letters.count == 1)
    }

    @Test("answers the same person again after once_per, and not before")
    func oncePer() throws {
        for (time, letters) in [("1ms", 2), ("1d", 1)] {
            let site = try Installation()
            try Files.makeDirectories(site.path + "/other")
            site.more = "    - {path: \(site.path)/other, from: jobs, settle: 0s, once_per: \(time)}"
            for (name, text) in [("1.txt", Self.jane), ("2.txt", Self.jane + "\nanother line")] {
                try site.drop(name, Array(text.utf8), in: "other")
                try site.work()
            }
            #expect(try site.letters.count == letters, "\(time)")
        }
    }

    @Test("answers again for another position, and does not answer an answer to its own letter")
    func positions() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/other")
        site.more = "    - {path: \(site.path)/other, from: jobs, settle: 0s, position: Operator}"
        try site.drop("cv.txt", Array(Self.jane.utf8))
        try site.drop("cv.txt", Array(Self.jane.utf8), in: "other")
        #expect(try site.work()["done"] == 2)
        #expect(Set(try site.letters.map(\.subject)) == ["Your application", "Your application: Operator"])
        let own = try #require(try site.letters.first?.messageID)
        let header = "From: Jack Example <jack@applicants.example>\nMessage-ID: <2@x.example>\nIn-Reply-To: \(own)"
        let resume = Array(Installation.resume("Jack Example", "jack@applicants.example").utf8)
        try site.drop(
            "answer.eml", Installation.message(header, attachment: resume, name: "cv.txt", type: "text/plain"))
        #expect(try site.work()["rejected"] == 1)
        #expect(try site.rows("rejected", "answer.eml") == [11])
    }

    @Test("holds, fails and keeps what it must")
    func others() throws {
        let site = try Installation()
        try site.drop("empty.txt", "")
        try site.drop("broken.pdf", "%PDF-1.4\nnothing\n%%EOF\n")
        try site.drop("scan.pdf", Installation.pdf(""))
        try site.drop("letter.txt", "Dear Sir, hire me. a@applicants.example")
        try site.drop("two.txt", Installation.resume("Jane Example", "a.b@x.example, c.d@y.example"))
        try site.drop("cv.docx", [0x50, 0x4b, 0x03, 0x04, 0x50, 0x4b, 0x05, 0x06])
        try site.drop("wrong.pdf", Self.jane)
        let ledger = try site.work()
        #expect(try site.names("failed") == ["broken.pdf", "empty.txt"])
        #expect(try site.names("held") == ["cv.docx", "letter.txt", "scan.pdf", "two.txt"])
        #expect(try site.names("done") == ["wrong.pdf"])
        #expect(ledger.seen == 7)
        #expect(try site.rows("held", "two.txt") == [18])
        #expect(try site.rows("held", "scan.pdf") == [15])
        #expect(
            try site.sidecar("failed", "empty.txt")["reasons"]?.array?.first?["text"]?.string == "the file is empty")
    }

    @Test("keeps an item whose name is no text")
    func names() throws {
        let site = try Installation()
        try Directory(site.inbox).create(
            [0xff, 0x0a, 0x27] + [UInt8](repeating: 0x61, count: 250), Self.jane.utf8, mode: 0o644)
        #expect(try site.work()["done"] == 1)
        #expect(try Files.names(in: site.inbox + ".herald/done").count == 2)
    }

    @Test("stores no address once the letter is handed over")
    func privacy() throws {
        let site = try Installation()
        try site.drop("cv.txt", Self.jane)
        try site.work()
        let database = try Database(path: site.path + "/state/responder/responder.db")
        for table in ["item", "trace", "outbox"] {
            for row in try database.query("SELECT * FROM \(table)") {
                for value in row {
                    let text = value.bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
                    #expect(!text.contains("jane@"), "\(table)")
                }
            }
        }
    }

    @Test("decides and files in a dry run, sends nothing and reserves nothing")
    func dryRun() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/dry")
        site.more = "    - {path: \(site.path)/dry, from: jobs, settle: 0s, dry_run: true}"
        try site.drop("cv.txt", Array(Self.jane.utf8), in: "dry")
        #expect(try site.work()["done"] == 1)
        #expect(try site.letters.isEmpty)
        try site.drop("cv.txt", Self.jane)
        #expect(try site.work()["done"] == 2)
        #expect(try site.letters.count == 1)
    }

    @Test("a crash at any step repeats it: nothing lost, nobody answered twice", arguments: ItemStep.allCases, [1, 2])
    func crash(_ step: ItemStep, _ nth: Int) throws {
        let site = try Installation()
        try site.drop("a.txt", Installation.resume("Anna Schmidt", "anna@applicants.example"))
        try site.drop("b.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        try site.drop("c.txt", "Dear Sir, hire me. a@applicants.example")
        var met = 0
        do {
            let crashing = try site.responder { passed in
                if passed == step { met += 1 }
                return !(passed == step && met == nth)
            }
            #expect(!crashing.round())
        }
        let ledger = try site.work()
        #expect(ledger.seen == 3 && ledger["done"] == 2 && ledger["held"] == 1, "\(ledger)")
        #expect(try site.names("done") == ["a.txt", "b.txt"])
        #expect(try site.names("held") == ["c.txt"])
        #expect(Set(try site.letters.flatMap(\.envelope.recipients).map(\.text)).count == 2)
        #expect(try site.letters.count == 2)
        #expect(try Files.names(in: site.inbox + ".herald/work").isEmpty)
        #expect(try Files.list(site.inbox + ".herald/done").count == 4)
    }

    @Test("a folder that is gone is an outage; the others go on, and it comes back")
    func outage() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/other")
        site.more = "    - {path: \(site.path)/other, from: jobs, settle: 0s}"
        try site.drop("cv.txt", Array(Self.jane.utf8), in: "other")
        let responder = try site.responder()
        #expect(rename(site.inbox, site.path + "/elsewhere") == 0)
        responder.round()
        #expect(responder.hasTrouble)
        #expect(try responder.ledger()["done"] == 1)
        #expect(try FileStatus.of(site.inbox) == nil)
        #expect(rename(site.path + "/elsewhere", site.inbox) == 0)
        responder.round()
        #expect(!responder.hasTrouble)
    }

    @Test("an empty folder on another file system without its mark is an outage")
    func remounted() throws {
        let site = try Installation()
        try site.drop("cv.txt", Self.jane)
        try site.work()
        let store = try ResponderStore(path: site.path + "/state/responder/responder.db")
        let known = try #require(try store.mark(of: site.inbox))
        try store.setMark(known.mark, device: known.device &+ 1, of: site.inbox)
        try Files.remove(site.inbox + ".herald/.herald-mark")
        let responder = try site.responder()
        responder.round()
        #expect(responder.hasTrouble)
        try site.drop("new.txt", Installation.resume("Bob Example", "bob@applicants.example"))
        responder.round()
        #expect(!responder.hasTrouble)
    }

    @Test("letters wait while incoming/ cannot be written, and items are filed all the same")
    func noHandOver() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/spool/incoming")
        try Files.write([UInt8](), to: site.path + "/spool/incoming/responder")
        try site.drop("cv.txt", Self.jane)
        let responder = try site.responder()
        responder.round()
        #expect(responder.hasTrouble)
        #expect(try responder.ledger().outbox == 1)
        #expect(try site.names("done") == ["cv.txt"])
        try Files.remove(site.path + "/spool/incoming/responder")
        responder.round()
        #expect(!responder.hasTrouble)
        #expect(try site.letters.count == 1)
    }

    @Test("a second responder on the same state is refused")
    func lock() throws {
        let site = try Installation()
        let first = try site.responder()
        #expect(throws: ResponderFault.self) { try site.responder() }
        _ = first
    }

    @Test("state of unknown version is set aside")
    func setAside() throws {
        let site = try Installation()
        try Files.makeDirectories(site.path + "/state/responder")
        try Files.write(
            Array("no database at all, and long enough to be looked at".utf8),
            to: site.path + "/state/responder/responder.db")
        try site.drop("cv.txt", Self.jane)
        #expect(try site.work()["done"] == 1)
        #expect(try Files.list(site.path + "/state/responder").contains { $0.contains("set-aside") })
    }

    @Test("a Maildir's message is answered")
    func maildir() throws {
        let site = try Installation()
        for name in ["tmp", "new", "cur"] { try Files.makeDirectories("\(site.inbox)/\(name)") }
        let header = "From: Jane Example <jane@applicants.example>\nMessage-ID: <1@x.example>"
        let message = Installation.message(
            header, attachment: Array(Self.jane.utf8), name: "cv.txt", type: "text/plain")
        try site.drop("1.M1.host", message, in: "jobs/new")
        try site.drop("1.M1.host:2,S", message, in: "jobs/cur")
        let ledger = try site.work()
        #expect(ledger["done"] == 1 && ledger["duplicate"] == 1)
        #expect(try site.letters.count == 1)
    }
}
