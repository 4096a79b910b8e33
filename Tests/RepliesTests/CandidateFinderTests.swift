import Mail
import Testing

@testable import Replies

@Suite("The candidate")
struct CandidateFinderTests {
    /// What a resume's head and tail, and From, lead to: an address, or nil for a human.
    struct Case: Sendable, CustomTestStringConvertible {
        var words: String
        var head: String
        var tail = ""
        var from: String?
        var right: String?
        var name: String?

        init(
            _ words: String, _ head: String, tail: String = "", from: String? = nil, right: String?, name: String? = nil
        ) {
            (self.words, self.head, self.tail, self.from, self.right, self.name) = (
                words, head, tail, from, right, name
            )
        }
        var testDescription: String { words }
    }

    static let found: [Case] = [
        Case(
            "one address at the top", "José García\njose.garcia@applicants.example",
            right: "jose.garcia@applicants.example", name: "José García"),
        Case(
            "accents in the name, none in the address", "Zoë Müller-Ångström\nzoe@applicants.example",
            right: "zoe@applicants.example", name: "Zoë Müller-Ångström"),
        Case(
            "ue for ü", "Jürgen Müller\nj.mueller@applicants.example", right: "j.mueller@applicants.example",
            name: "Jürgen Müller"),
        Case("a Chinese name", "李小龙\nlixiaolong@applicants.example", right: "lixiaolong@applicants.example"),
        Case(
            "a Chinese name behind its label", "姓名：李\n邮箱：li.m@applicants.example", right: "li.m@applicants.example",
            name: "李"),
        Case(
            "an apostrophe and a hyphen", "Mary O'Brien-Smith\nmary.obrien@applicants.example",
            right: "mary.obrien@applicants.example", name: "Mary O'Brien-Smith"),
        Case(
            "an apostrophe in the address", "Sean O’Neill\nsean.o'neill@applicants.example",
            right: "sean.o'neill@applicants.example", name: "Sean O'Neill"),
        Case(
            "capitals", "JOSÉ GARCÍA\nJGarcia@Applicants.Example", right: "JGarcia@applicants.example",
            name: "José García"),
        Case(
            "a label", "Anna Schmidt\nE-Mail: anna@applicants.example", right: "anna@applicants.example",
            name: "Anna Schmidt"),
        Case(
            "a label without a space", "Anna Schmidt\nEmail:anna@applicants.example", right: "anna@applicants.example"),
        Case(
            "between bars", "Anna Schmidt\nBerlin | anna@applicants.example | +49 30 1234567",
            right: "anna@applicants.example"),
        Case(
            "bars without spaces", "Anna Schmidt\nBerlin|anna@applicants.example|+49 30 1234567",
            right: "anna@applicants.example"),
        Case("in angle brackets", "Anna Schmidt <anna@applicants.example>", right: "anna@applicants.example"),
        Case(
            "in parentheses with a full stop", "Anna Schmidt\nWrite to me (anna@applicants.example).",
            right: "anna@applicants.example"),
        Case("a mailto in the text", "Anna Schmidt\nmailto:anna@applicants.example", right: "anna@applicants.example"),
        Case("a plus", "Anna Schmidt\nanna+cv@applicants.example", right: "anna+cv@applicants.example"),
        Case("an IDN domain", "Anna Schmidt\nanna@bücher.example", right: "anna@bücher.example"),
        Case("a non-ASCII local part", "José García\njosé@applicants.example", right: "josé@applicants.example"),
        Case(
            "letter-spaced", "Anna Schmidt\na n n a @ a p p l i c a n t s . e x a m p l e",
            right: "anna@applicants.example"),
        Case(
            "letter-spaced behind a label", "Anna Schmidt\nE-Mail:  a n n a @ a p p l i c a n t s . e x a m p l e",
            right: "anna@applicants.example"),
        Case("spaces around the @", "Anna Schmidt\nanna @ applicants.example", right: "anna@applicants.example"),
        Case("(at)", "Anna Schmidt\nanna (at) applicants.example", right: "anna@applicants.example"),
        Case(
            "[at] and [dot]", "Anna Schmidt\nanna.schmidt [at] applicants [dot] example",
            right: "anna.schmidt@applicants.example"),
        Case("(at) and dot", "Anna Schmidt\nanna(at)applicants dot example", right: "anna@applicants.example"),
        Case("(ät) and (punkt)", "Anna Schmidt\nanna(at)applicants(punkt)example", right: "anna@applicants.example"),
        Case("(arroba)", "Ana López\nana (arroba) applicants.example", right: "ana@applicants.example"),
        Case("AT and DOT", "Anna Schmidt\nanna AT applicants DOT example", right: "anna@applicants.example"),
        Case("a full-width @", "李小龙\nlixiaolong＠applicants.example", right: "lixiaolong@applicants.example"),
        Case(
            "a label in Chinese without a space", "李小龙\n邮箱lixiaolong@applicants.example电话13800000000",
            right: "lixiaolong@applicants.example"),
        Case(
            "a referee below", "Anna Schmidt\nanna@applicants.example",
            tail: "References\nProf. Bob Boss\nbob.boss@university.example", right: "anna@applicants.example"),
        Case(
            "referees in German", "Anna Schmidt\nanna@applicants.example",
            tail: "Referenzen\nDr. B. Boss, boss@firma.example", right: "anna@applicants.example"),
        Case(
            "referees in French", "Anna Schmidt\nanna@applicants.example",
            tail: "RÉFÉRENCES\nM. Chef, chef@societe.example", right: "anna@applicants.example"),
        Case(
            "referees in Polish", "Anna Schmidt\nanna@applicants.example",
            tail: "Referencje:\nJan Szef szef@firma.example", right: "anna@applicants.example"),
        Case(
            "a letter-spaced heading of referees", "Anna Schmidt\nanna@applicants.example",
            tail: "R E F E R E N C E S\nbob.boss@university.example", right: "anna@applicants.example"),
        Case(
            "a supervisor beside a job", "Anna Schmidt\nanna@applicants.example",
            tail: "Projects\nMigration\nSupervisor: Bob Boss, bob.boss@firm.example", right: "anna@applicants.example"),
        Case(
            "a role's address beside one's own", "Anna Schmidt\nanna@applicants.example",
            tail: "Projects\nOpen source: support@project.example", right: "anna@applicants.example"),
        Case(
            "our own address in the letter's head", "To: jobs@example.org\nAnna Schmidt\nanna@applicants.example",
            right: "anna@applicants.example"),
        Case(
            "the same address twice", "Anna Schmidt\nanna@applicants.example", tail: "Contact\nANNA@applicants.example",
            right: "anna@applicants.example"),
        Case(
            "a contact section at the end", "Anna Schmidt\nDeveloper", tail: "Contact\nanna@applicants.example",
            right: "anna@applicants.example"),
        Case(
            "a picture's name is no address", "Anna Schmidt\nanna@applicants.example\nlogo@2x.png",
            right: "anna@applicants.example"),
        Case(
            "From and the resume agree", "Anna Schmidt\nanna@applicants.example",
            from: "Anna Schmidt <anna@applicants.example>", right: "anna@applicants.example", name: "Anna Schmidt"),
        Case(
            "From chooses between two", "Anna Schmidt\nanna@applicants.example, anna.schmidt@work.example",
            from: "<anna@applicants.example>", right: "anna@applicants.example"),
        Case(
            "From in another case", "Anna Schmidt\nanna@applicants.example",
            from: "Anna Schmidt <Anna@Applicants.Example>", right: "anna@applicants.example"),
        Case(
            "the same person from another account", "Anna Schmidt\nanna@applicants.example",
            from: "Anna Schmidt <as99@elsewhere.example>", right: "anna@applicants.example"),
        Case(
            "another account without a name", "Anna Schmidt\nanna@applicants.example",
            from: "<schmidt.anna@elsewhere.example>", right: "anna@applicants.example"),
        Case(
            "no address, From agrees", "Anna Schmidt\n+49 30 12345678", from: "Anna Schmidt <as@elsewhere.example>",
            right: "as@elsewhere.example", name: "Anna Schmidt"),
        Case(
            "no address, From agrees without accents", "José García López\n+34 600 000 000",
            from: "Jose Garcia <jg@elsewhere.example>", right: "jg@elsewhere.example", name: "José García López"),
        Case(
            "family name first in From", "Anna Schmidt\n+49 30 12345678",
            from: "\"Schmidt, Anna\" <as@elsewhere.example>", right: "as@elsewhere.example"),
        Case(
            "Lebenslauf before the name", "Lebenslauf Anna Schmidt\nanna@applicants.example",
            right: "anna@applicants.example", name: "Anna Schmidt"),
        Case(
            "the name behind a label", "Persönliche Daten\nName:   Anna Schmidt\nE-Mail: a99@applicants.example",
            right: "a99@applicants.example", name: "Anna Schmidt"),
        Case(
            "titles and degrees", "Dr. Anna Schmidt, PhD\nanna@applicants.example", right: "anna@applicants.example",
            name: "Anna Schmidt"),
    ]

    static let held: [Case] = [
        Case("no address at all", "Anna Schmidt\n+49 30 12345678", right: nil),
        Case(
            "two addresses at the top", "Anna Schmidt\nanna@applicants.example\nanna.schmidt@work.example", right: nil),
        Case(
            "only a referee's", "Anna Schmidt\n+49 30 12345678", tail: "References\nbob.boss@university.example",
            right: nil),
        Case(
            "only a referee's, and From without a name", "Anna Schmidt\n+49 30 12345678",
            tail: "References\nbob.boss@university.example", from: "<x1@elsewhere.example>", right: nil),
        Case("only a role's", "Anna Schmidt\ninfo@company.example", right: nil),
        Case("only our own", "Anna Schmidt\njobs@example.org", right: nil),
        Case("an agency's letterhead", "Anna Schmidt\nbob@best-recruiting.example", right: nil),
        Case(
            "an agency beside the person's",
            "Anna Schmidt\nanna@applicants.example\nconsultant bob@best-recruiting.example", right: nil),
        Case(
            "sent by a friend", "Anna Schmidt\nanna@applicants.example", from: "Bob Boss <bob@elsewhere.example>",
            right: nil),
        Case(
            "forwarded by an employee without a name", "Anna Schmidt\nanna@applicants.example",
            from: "<bboss@company.example>", right: nil),
        Case(
            "no address, From is somebody else", "Anna Schmidt\n+49 30 12345678",
            from: "Bob Boss <bob@elsewhere.example>", right: nil),
        Case(
            "no address, From without a name", "Anna Schmidt\n+49 30 12345678", from: "<as@elsewhere.example>",
            right: nil),
        Case(
            "no address, From is a role", "Anna Schmidt\n+49 30 12345678",
            from: "Anna Schmidt <info@elsewhere.example>", right: nil),
        Case("glued to the next word", "Anna Schmidt\nanna@applicants.examplePhone", right: nil),
        Case("broken at the @", "Anna Schmidt\nanna@\napplicants.example", right: nil),
        Case("a disguise", "Anna Schmidt\nanna@NOSPAM.applicants.example", right: nil),
        Case("a character that may belong to it", "Anna Schmidt\nbo/anna@applicants.example", right: nil),
        Case("another script in front that may belong to it", "李小龙\n小龙li@applicants.example", right: nil),
        Case(
            "in the middle of a job, and no name like it", "Anna Schmidt\n+49 30 12345678",
            tail: "Projects\nI wrote the mailer of team.lead@project.example", right: nil),
        Case(
            "a referee without a heading", "Anna Schmidt\n+49 30 12345678",
            tail: "Projects\nReference: bob.boss@university.example", right: nil),
        Case("a sentence with at and dot", "Anna Schmidt\n+49 30 12345678\nI work at example dot com now", right: nil),
    ]

    @Test("is found", arguments: found)
    func isFound(_ item: Case) {
        let finding = Samples.find([Samples.resume(item.head, tail: item.tail)], from: item.from)
        #expect(finding.certain?.address.text == item.right, "\(finding.holds) \(finding.ranked)")
        #expect(finding.holds.isEmpty)
        if let name = item.name { #expect(finding.certain?.name?.full == name) }
    }

    @Test("is left to a human", arguments: held)
    func isHeld(_ item: Case) {
        let finding = Samples.find([Samples.resume(item.head, tail: item.tail)], from: item.from)
        #expect(finding.certain == nil, "\(String(describing: finding.certain))")
        #expect(!finding.holds.isEmpty)
        #expect(finding.holds.allSatisfy { $0.action == .hold && ($0.row == 18 || $0.row == 19) })
    }

    @Test("of structured data wins, and is never a role's")
    func structured() {
        func resume(_ email: String?, _ name: String? = "Anna Schmidt") -> ResumeDocument {
            ResumeDocument(
                name: "r.json", kind: "json", text: "",
                structured: .init(format: "JSON Resume", email: email, personName: name))
        }
        let certain = Samples.find([resume("anna@applicants.example")]).certain
        #expect(certain?.address.text == "anna@applicants.example")
        #expect(certain?.name?.full == "Anna Schmidt")
        #expect(certain?.step == 1)
        #expect(Samples.find([resume("info@company.example")]).certain == nil)
        #expect(Samples.find([resume("no address")]).certain == nil)
        #expect(Samples.find([resume("your-email@your-website.example")]).certain == nil)
        #expect(Samples.find([resume("jobs@example.org")]).certain == nil)
        #expect(Samples.find([resume(nil)]).certain == nil)
        #expect(Samples.find([resume("anna@applicants.example"), resume("anne@applicants.example")]).certain == nil)
        let pdf = Samples.resume("Anna Schmidt\nanna@other.example")
        #expect(Samples.find([resume("anna@applicants.example"), pdf]).certain == nil)
    }

    @Test("behind a link is found, and a link that disagrees is a hold")
    func links() {
        var document = Samples.resume("Anna Schmidt\n+49 30 12345678")
        document.links = ["mailto:anna@applicants.example?subject=x"]
        #expect(Samples.find([document]).certain?.address.text == "anna@applicants.example")
        document = Samples.resume("Anna Schmidt\nanna@applicants.example")
        document.links = ["mailto:anne@applicants.example"]
        #expect(Samples.find([document]).certain == nil)
        document.links = ["MAILTO:Anna%40applicants.example"]
        #expect(Samples.find([document]).certain?.address.text == "anna@applicants.example")
        document = Samples.resume("Anna Schmidt\n+49 30 12345678", tail: "References\nBob Boss")
        document.links = ["mailto:bob.boss@university.example"]
        #expect(Samples.find([document]).certain == nil)
    }

    @Test("of two people's resumes in one item is left to a human")
    func twoPeople() {
        let one = Samples.resume("Anna Schmidt\nanna@applicants.example")
        let two = Samples.resume("Bob Boss\nbob@applicants.example", name: "two.pdf")
        #expect(Samples.find([one, two]).holds.contains { $0.row == 19 })
        let again = Samples.resume("Anna Schmidt\nanna@applicants.example", name: "english.pdf")
        #expect(Samples.find([one, again]).certain?.address.text == "anna@applicants.example")
    }
}
