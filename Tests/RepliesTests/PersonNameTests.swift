import Testing

@testable import Replies

@Suite("A person's name")
struct PersonNameTests {
    static let names: [(String, String, String?)] = [
        ("José García López", "José García López", "José"), ("李小龙", "李小龙", nil), ("李", "李", nil),
        ("Mary O’Brien-Smith", "Mary O'Brien-Smith", "Mary"), ("Schmidt, Anna", "Anna Schmidt", "Anna"),
        ("GARCÍA José", "García José", "José"), ("ANNA SCHMIDT", "Anna Schmidt", "Anna"),
        ("J. R. Smith", "J. R. Smith", nil),
        ("Dr. Anna Schmidt", "Anna Schmidt", "Anna"), ("Anna Schmidt, MBA", "Anna Schmidt", "Anna"),
        ("Иван Петров", "Иван Петров", "Иван"),
        ("Ludwig van Beethoven", "Ludwig van Beethoven", "Ludwig"), ("Anna", "Anna", nil),
        ("محمد علي", "محمد علي", nil),
        ("\"Anna Schmidt\"", "Anna Schmidt", "Anna"), ("मीरा शर्मा", "मीरा शर्मा", nil),
    ]

    @Test("is taken as people write it", arguments: names)
    func taken(_ text: String, _ full: String, _ first: String?) {
        #expect(PersonName(text)?.full == full)
        #expect(PersonName(text)?.first == first)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", " ", "anna@applicants.example", "http://evil.example", "Visit www.evil.example", "Software Engineer",
            "Curriculum Vitae", "42",
            "Anna1 Schmidt", "Example GmbH", "Recruiting Team", "the quick brown fox", "Anna\u{202e}Schmidt",
            "Anna\nSchmidt\u{0}",
            "A very long sentence that is certainly not the name of anybody", "Berlin, Germany, Europe", "References",
            "Anna/Bob", "Work Experience",
            String(repeating: "Anna", count: 200),
        ])
    func refused(_ text: String) {
        #expect(PersonName(text) == nil)
    }

    static let agreements: [(String, String, Bool)] = [
        ("José García López", "Jose Garcia", true), ("Anna Schmidt", "SCHMIDT Anna", true),
        ("Anna Schmidt", "A. Schmidt", true),
        ("Anna Schmidt", "Anna Maria Schmidt", true), ("Anna Schmidt", "Bob Schmidt", false),
        ("Anna Schmidt", "Bob Boss", false),
        ("Jürgen Müller", "Juergen Mueller", true), ("李小龙", "李小龙", true), ("李小龙", "王小明", false),
        ("Anna Schmidt", "Anna Boss", false),
        ("Mary O'Brien-Smith", "Mary OBrien Smith", true),
    ]

    @Test("agrees with the same person's other spellings", arguments: agreements)
    func agrees(_ one: String, _ other: String, _ expected: Bool) throws {
        let a = try #require(PersonName(one))
        let b = try #require(PersonName(other))
        #expect(a.agrees(with: b) == expected)
        #expect(b.agrees(with: a) == expected)
    }

    @Test(
        "agrees with its own local parts",
        arguments: [
            ("José García", "jgarcia", true), ("Jürgen Müller", "mueller.j", true), ("Jürgen Müller", "jmuller", true),
            ("Mary O'Brien-Smith", "mobrien", true), ("Anna Schmidt", "info", false),
            ("Anna Schmidt", "bob.boss", false),
            ("Li Na", "lina", true), ("Anna Schmidt", "anna+cv", true), ("Anna Schmidt", "x99", false),
        ])
    func agreesWithLocal(_ name: String, _ local: String, _ expected: Bool) {
        #expect(PersonName(name)?.agrees(withLocalPart: local) == expected)
    }
}
