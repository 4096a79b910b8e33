import Testing

@testable import Formats

@Suite("Octets")
struct OctetsTests {
    /// Twins that Swift's `==` takes for one.
    private static let twins = [
        ("caf\u{e9}", "cafe\u{301}"), ("K", "\u{212a}"), (";", "\u{37e}"), ("\u{c5}", "\u{212b}"),
    ]

    /// Hebrew points in turn, which normalising sorts by exchanges: a megabyte of them would take minutes with `==`.
    private static let points = String(repeating: "\u{591}\u{5b0}", count: 250_000)

    @Test("two texts are the same if their octets are, and not because they look alike", arguments: twins)
    func sameOctets(one: String, other: String) {
        #expect(one == other)
        #expect(!one.isExactly(other))
        #expect(!one[...].isExactly(other[...]))
        #expect(one.isExactly(one))
        #expect(one[...].isExactly(one))
        #expect(Octets(one) != Octets(other))
        #expect(Set([Octets(one), Octets(other), Octets(one)]).count == 2)
    }

    @Test("a text is not the same as one that is longer or shorter, nor one that differs in its last octet")
    func differences() {
        #expect(!"message".isExactly("messages"))
        #expect(!"message".isExactly("messag"))
        #expect(!"a long enough name, message".isExactly("a long enough name, messagf"))
        #expect("".isExactly(""))
    }

    @Test("a mark behind what is sought, or a sign that takes the next one before it, hides nothing")
    func marks() {
        #expect("/var/\u{301}x".begins("/var/"))
        #expect("jobs\u{601}.gz".ends(".gz"))
        #expect(!"x".ends("xx"))
        #expect(!"x".begins("xx"))
        #expect("\u{e9}".begins("") && "\u{e9}".ends(""))
        #expect(!"cafe\u{301}".ends("\u{e9}"))
    }

    @Test("a run of marks as long as a message may be is compared, hashed and sought without normalising it")
    func longRuns() {
        let one = Self.points
        let other = String(one.utf8.dropLast(2)) ?? ""
        #expect(!one.isExactly(other))
        #expect(one.begins(other))
        #expect(one.ends("\u{5b0}"))
        #expect(Set([Octets(one), Octets(other), Octets(one)]).count == 2)
    }

    @Test("texts are ordered as their octets are")
    func order() {
        #expect([Octets("\u{e9}"), "z", "e\u{301}", "e"].sorted() == ["e", "e\u{301}", "z", "\u{e9}"])
    }

    @Test("a text is divided at an octet, whatever it is joined to")
    func pieces() {
        #expect("a/\u{301}b\u{601}/c".pieces(at: "/").map { Octets(String($0)) } == ["a", "\u{301}b\u{601}", "c"])
        #expect("a\r\nb".pieces(at: "\n").map { Octets(String($0)) } == ["a\r", "b"])
        #expect("".pieces(at: ";") == [""])
        #expect(";".pieces(at: ";") == ["", ""])
    }
}

@Suite("Names of members in JSON")
struct JSONNameTests {
    @Test("a member is found by the octets of its name, the last of those that are the same")
    func found() throws {
        let value = try JSON.parse(#"{"K":1,"\#u{212a}":2,"K":3,"caf\#u{e9}":4}"#)
        #expect(value["K"] == 3)
        #expect(value["\u{212a}"] == 2)
        #expect(value["cafe\u{301}"] == nil)
    }

    @Test("an object with a megabyte of marks for a name or a value is asked for others")
    func longNames() throws {
        let points = String(repeating: "\u{591}\u{5b0}", count: 250_000)
        let value = JSON.object([.init(points, .string(points)), .init("command", .string("status"))])
        #expect(value["command"]?.isText("status") == true)
        #expect(value["body_length"] == nil)
        #expect(value[points]?.isText("status") == false)
    }
}
