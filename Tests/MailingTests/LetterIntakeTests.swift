import Formats
import Glibc
import Mail
import Platform
import Spool
import TestSupport
import Testing

@testable import Mailing

@Suite struct LetterIntakeTests {
    private let folder: TemporaryFolder
    private let incoming: HandoverFolder
    private let now = Timestamp(seconds: 1_800_000_000)

    init() throws {
        folder = try TemporaryFolder()
        incoming = HandoverFolder(path: folder("incoming"))
    }

    private func intake() throws -> LetterIntake {
        try LetterIntake(
            incoming: [("watcher", incoming.path)], rejected: folder("rejected"), log: Site.log)
    }

    private func queue() throws -> Queue { try Queue.open(folder: folder("state")).queue }
    private func admission() throws -> Admission { Admission(try Sample.settings(accounts: ["a"])) }

    @Test("one listing feeds many rounds; what comes meanwhile follows, though its file looks older")
    func backlog() throws {
        let (intake, queue, admission) = (try intake(), try queue(), try admission())
        for _ in 0..<150 { try incoming.deposit(.sample()) }
        var counts: [Int] = []
        let late = Letter.sample()
        while counts.count < 10 {
            let result = try intake.offer(intake.next(admission), to: queue, at: now)
            intake.settle(result)
            counts.append(result.taken.count)
            if counts.count == 1 {
                try incoming.deposit(late)
                let path = incoming.path + "/" + HandoverFolder.name(of: late.id)
                let past = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
                #expect(utimes(path, past) == 0)
                #expect(intake.hasEvents())
            }
            if !result.hasMore { break }
        }
        #expect(counts == [64, 64, 22, 1])
        #expect(intake.isEmpty)
        #expect(try queue.list().count == 151)
    }

    @Test("a round that is not committed has dealt with nothing")
    func abandoned() throws {
        let (intake, queue, admission) = (try intake(), try queue(), try admission())
        for _ in 0..<70 { try incoming.deposit(.sample()) }
        #expect(throws: QueueError.self) {
            try queue.transaction { () throws(QueueError) in
                _ = try intake.offer(intake.next(admission), to: queue, at: now)
                throw .unknown("crash")
            }
        }
        let first = try intake.offer(intake.next(admission), to: queue, at: now)
        intake.settle(first)
        #expect(first.taken.count == 64 && first.hasMore)
        let second = try intake.offer(intake.next(admission), to: queue, at: now)
        intake.settle(second)
        #expect(second.taken.count == 6 && !second.hasMore)
        #expect(try incoming.waiting().isEmpty)
    }

    @Test("a letter whose file cannot be removed is read once, told of, and removed when that can be")
    func cannotBeRemoved() throws {
        let (intake, queue, admission) = (try intake(), try queue(), try admission())
        let letter = Letter.sample()
        try incoming.deposit(letter)
        let result = try intake.offer(intake.next(admission), to: queue, at: now)
        // Something that unlink(2) does not remove, whoever asks.
        let path = incoming.path + "/" + HandoverFolder.name(of: letter.id)
        try Files.remove(path)
        try Files.makeDirectories(path)
        intake.settle(result)
        #expect(
            intake.stuck[.init(incoming, HandoverFolder.name(of: letter.id))]?.hasPrefix(
                "was taken in and cannot be removed: ") == true)
        #expect(intake.isEmpty)
        intake.watch()
        let again = intake.next(admission)
        #expect(again.letters.isEmpty && again.result.rejected.isEmpty)
        #expect(rmdir(path) == 0)
        intake.watch()
        #expect(intake.stuck.isEmpty)
        // Another file of that name is looked at.
        try incoming.deposit(letter)
        intake.watch()
        intake.settle(again.result)
        #expect(intake.next(admission).letters.map(\.letter.id) == [letter.id])
    }

    @Test("strangers that cannot be moved are told apart by octets, and forgotten when they are gone")
    func strangersByOctets() throws {
        let names = ["\u{301}x", "\u{200d}y", "caf\u{e9}", "cafe\u{301}", "plain"]
        let intake = try intake()
        let admission = try admission()
        // Nothing can be put where a file lies in the folder's place.
        #expect(rmdir(folder("rejected")) == 0)
        for path in [folder("rejected")] + names.map({ incoming.path + "/" + $0 }) {
            #expect(close(creat(path, 0o600)) == 0)
        }
        intake.settle(intake.next(admission).result)
        #expect(intake.stuck.count == names.count)
        for name in names { #expect(unlink(incoming.path + "/" + name) == 0) }
        intake.watch()
        intake.settle(intake.next(admission).result)
        #expect(intake.stuck.isEmpty)
    }
}
