import Formats
import Glibc
import Platform
import Testing

@testable import Intake

@Suite("The outcome folder")
struct OutcomeFolderTests {
    static let id = "0123456789abcdef0123456789abcdef"

    private func folders(_ tree: Tree, instance: String = "cafe") throws -> (DropFolder, OutcomeFolder) {
        let inbox = tree.folder(settle: .zero)
        let outcomes = OutcomeFolder(path: tree.outcomes, inbox: inbox, instance: instance)
        try outcomes.prepare()
        return (inbox, outcomes)
    }

    private func claim(_ inbox: DropFolder, _ outcomes: OutcomeFolder, id: String = Self.id) throws -> ClaimedItem {
        let waiting = try #require(try inbox.scan(now: .zero).ready.first)
        return try #require(try outcomes.claim(waiting, id: id))
    }

    static let names: [[UInt8]] = [
        Array("cv.pdf".utf8), Array("a\nb $(x) '\".txt".utf8), [0xff, 0xfe, 0x2e, 0x74, 0x78, 0x74],
        [UInt8](repeating: 0x61, count: 255), Array(String(repeating: "ä", count: 127).utf8),
    ]

    @Test("takes, copies and files an item under its own name, whatever its bytes", arguments: names)
    func files(_ name: [UInt8]) throws {
        let tree = try Tree()
        try tree.put(name, "content")
        let (inbox, outcomes) = try folders(tree)
        let item = try claim(inbox, outcomes)
        #expect(item.name == name)
        #expect(try Files.names(in: tree.inbox).isEmpty)
        #expect(try outcomes.claimed() == [item])
        let copy = try outcomes.copy(item)
        #expect(copy.bytes == Array("content".utf8))
        #expect(copy.sha256 == SHA256.digest(Array("content".utf8)))
        let free = try outcomes.freeName(for: item.name, in: "done")
        #expect(free == name)
        try outcomes.file(item, outcome: "done", as: free, sidecar: ["id": "x"])
        let filed = try Files.names(in: tree.outcomes + "/done")
        #expect(filed.count == 2 && filed.contains(name))
        let sidecar = try #require(filed.first { $0 != name })
        #expect(sidecar.count <= 255 && sidecar.suffix(12).elementsEqual(".herald.json".utf8))
        #expect(try Files.names(in: tree.outcomes + "/work").isEmpty)
    }

    @Test("never overwrites")
    func unique() throws {
        let tree = try Tree()
        let (inbox, outcomes) = try folders(tree)
        for number in 1...3 {
            try tree.put("cv.pdf", "%PDF-1.4 \(number) %%EOF")
            let item = try claim(inbox, outcomes, id: Randomness.identifier())
            _ = try outcomes.copy(item)
            try outcomes.file(item, outcome: "done", as: try outcomes.freeName(for: item.name, in: "done"), sidecar: [])
        }
        #expect(
            try Files.list(tree.outcomes + "/done").filter { !$0.hasSuffix("json") } == [
                "cv.pdf", "cv~2.pdf", "cv~3.pdf",
            ])
        #expect(try Files.read(tree.outcomes + "/done/cv.pdf") == Array("%PDF-1.4 1 %%EOF".utf8))
        try tree.put("cv.pdf", "%PDF-1.4 4 %%EOF")
        let item = try claim(inbox, outcomes)
        _ = try outcomes.copy(item)
        #expect(throws: SystemError.self) {
            try outcomes.file(item, outcome: "done", as: Array("cv.pdf".utf8), sidecar: [])
        }
    }

    @Test("lets one of two responders have an item")
    func race() throws {
        let tree = try Tree()
        try tree.put("cv.txt", "x")
        let (inbox, one) = try folders(tree, instance: "aaaa")
        let two = try folders(tree, instance: "bbbb").1
        let waiting = try #require(try inbox.scan(now: .zero).ready.first)
        #expect(try one.claim(waiting, id: Self.id) != nil)
        #expect(try two.claim(waiting, id: Randomness.identifier()) == nil)
        #expect(try two.claimed().isEmpty)
        #expect(try one.claimed().count == 1)
    }

    @Test("does not take what was replaced by a link after the look")
    func swapped() throws {
        let tree = try Tree()
        try tree.put("cv.txt", "x")
        let (inbox, outcomes) = try folders(tree)
        let waiting = try #require(try inbox.scan(now: .zero).ready.first)
        try Files.remove(tree.inbox + "/cv.txt")
        #expect(symlink("/etc/passwd", tree.inbox + "/cv.txt") == 0)
        #expect(try outcomes.claim(waiting, id: Self.id) == nil)
        #expect(try outcomes.claimed().isEmpty)
        #expect(try FileStatus.of(tree.inbox + "/cv.txt", followingLinks: false)?.isLink == true)
    }

    @Test("works on a copy that the producer cannot change, and keeps what it wrote later")
    func producerGoesOn() throws {
        let tree = try Tree()
        try tree.put("cv.txt", "first")
        let producer = try Descriptor.open(tree.inbox + "/cv.txt", O_WRONLY | O_APPEND)
        let (inbox, outcomes) = try folders(tree)
        let item = try claim(inbox, outcomes)
        _ = try outcomes.copy(item)
        try producer.write(" and more".utf8)
        #expect(try outcomes.read(item).bytes == Array("first".utf8))
        try outcomes.file(item, outcome: "done", as: item.name, sidecar: [])
        let names = try Files.list(tree.outcomes + "/done")
        #expect(names.count == 3)
        let revision = try #require(names.first { $0.contains("revision") })
        #expect(try Files.read(tree.outcomes + "/done/" + revision) == Array("first and more".utf8))
        #expect(try Files.read(tree.outcomes + "/done/cv.txt") == Array("first".utf8))
    }

    @Test("may repeat each step after a crash")
    func repeats() throws {
        let tree = try Tree()
        try tree.put("cv.txt", "x")
        let (inbox, outcomes) = try folders(tree)
        let item = try claim(inbox, outcomes)
        for _ in 1...2 { #expect(try outcomes.copy(item).bytes == [0x78]) }
        for _ in 1...3 { try outcomes.file(item, outcome: "held", as: item.name, sidecar: ["a": 1]) }
        #expect(try Files.list(tree.outcomes + "/held") == ["cv.txt", "cv.txt.herald.json"])
        // Made for a claim that never came.
        try Files.makeDirectories("\(tree.outcomes)/work/cafe.\(Self.id)")
        #expect(try outcomes.claimed().isEmpty)
        #expect(try Files.names(in: tree.outcomes + "/work").isEmpty)
    }

    @Test("keeps and hashes what is too large to read")
    func limitOfReading() throws {
        let tree = try Tree()
        let file = try Descriptor.open(tree.inbox + "/large.txt", O_WRONLY | O_CREAT, mode: 0o644)
        #expect(ftruncate(file.number, off_t(ItemCopy.limit + 1)) == 0)
        let (inbox, outcomes) = try folders(tree)
        let copy = try outcomes.copy(try claim(inbox, outcomes))
        #expect(copy.bytes == nil)
        #expect(copy.size == ItemCopy.limit + 1)
    }
}

@Suite("Names beside a foreign name")
struct OutcomeNameTests {
    @Test("are never too long, never cut within a character")
    func cut() throws {
        let names: [[UInt8]] = [
            [UInt8](repeating: 0x61, count: 255), Array((String(repeating: "é", count: 127) + "b").utf8),
        ]
        for name in names {
            for made in [OutcomeName.sidecar(name), OutcomeName.numbered(name, 2), OutcomeName.numbered(name, 99_999)] {
                #expect(made.count <= 255)
                #expect(String(validating: made, as: UTF8.self) != nil)
            }
        }
        #expect(OutcomeName.numbered(Array("a.b.pdf".utf8), 2) == Array("a.b~2.pdf".utf8))
        #expect(OutcomeName.numbered(Array(".pdf".utf8), 2) == Array(".pdf~2".utf8))
    }
}

@Suite("What an item is")
struct ItemKindTests {
    @Test("is told by its bytes before its name")
    func kinds() {
        func kind(_ text: String, _ name: String) -> ItemKind { ItemKind(Array(text.utf8), name: Array(name.utf8)) }
        #expect(kind("%PDF-1.4", "cv.txt") == .pdf)
        #expect(kind("{\"basics\":{}}", "cv") == .json)
        #expect(kind("From: a@b.example\nTo: x\n\n", "cv") == .message)
        #expect(kind("From: a@b.example\nTo: x\n\n", "cv.txt") == .text)
        #expect(kind("Jane", "cv.eml") == .message)
        #expect(kind("Jane", "cv.pdf") == .text)
        #expect(kind("<!DOCTYPE html><p>", "cv.txt") == .html)
        #expect(kind("PK\u{3}\u{4}", "cv.docx").extraction == nil)
        #expect(kind("a\0b", "cv.txt").extraction == nil)
        #expect(ItemKind([0xff, 0xfe, 0x61, 0], name: Array("cv.txt".utf8)) == .text)
        #expect(ItemKind(Array("x".utf8), name: [], isMaildir: true) == .message)
    }
}
