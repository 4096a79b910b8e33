import Testing

@testable import Replies

@Suite("Recognising a resume")
struct RecognitionTests {
    static let resumes: [(String, String)] = [
        ("English", "Jane Doe\njane@a.example\nExperience\n2015 - 2020 Firm\nEducation\n2010 BSc\nSkills\nSwift"),
        (
            "German",
            "Lebenslauf\nJana Muster\njana@a.example\nBerufserfahrung\n2015 - 2020 Firma\nAusbildung\n2010 Abitur\nSprachkenntnisse\nDeutsch"
        ),
        (
            "French",
            "Jeanne Dupont\njeanne@a.example\nExpérience professionnelle\n2015 - 2020 Société\nFormation\n2010 Licence\nLangues\nAnglais"
        ),
        (
            "Spanish",
            "Juana Pérez\njuana@a.example\nEXPERIENCIA LABORAL\n2015 - 2020 Empresa\nFORMACIÓN ACADÉMICA\n2010\nIDIOMAS\nInglés"
        ),
        ("Dutch", "Jan Jansen\njan@a.example\nWerkervaring\n2015 - 2020 Bedrijf\nOpleiding\n2010\nTalen\nEngels"),
        (
            "Polish",
            "Jan Kowalski\njan@a.example\nDoświadczenie zawodowe\n2015 - 2020 Firma\nWykształcenie\n2010\nJęzyki obce\nangielski"
        ),
        ("Chinese", "李小龙\nli@a.example\n工作经历\n2015 - 2020 公司\n教育背景\n2010 大学\n技能\nSwift"),
        (
            "letter-spaced",
            "Jane Doe\njane@a.example\nE X P E R I E N C E\n2015 - 2020 Firm\nE D U C A T I O N\n2010 BSc"
        ),
        (
            "columns",
            "Jane Doe        jane@a.example\nEXPERIENCE                 SKILLS\n2015 - 2020 Firm           Swift\nEDUCATION                  LANGUAGES\n2010 BSc                   French"
        ),
        (
            "Markdown",
            "# Jane Doe\n\njane@a.example\n\n## Experience\n\n* 2015 - 2020 Firm\n\n## Education\n\n* 2010 BSc\n"
        ),
        ("icons", "Jane Doe\njane@a.example\n\u{f0c0} EXPERIENCE\n2015 - 2020 Firm\n■ 2. Education \u{f0c1}\n2010 BSc"),
        ("telephone only", "Jane Doe\n+44 20 7946 0000\nExperience\n2015 - 2020 Firm\nEducation\n2010 BSc"),
        (
            "two topics in a heading",
            "Jane Doe\njane@a.example\nWork experience & projects\n2015 - 2020 Firm\nEducation and training\n2010 BSc"
        ),
    ]
    static let others: [(String, String)] = [
        (
            "a letter",
            "Dear Sir or Madam,\nI have ten years of experience since 2010 and much education.\nJane Doe\njane@a.example"
        ),
        (
            "an advertisement",
            "Senior Developer\nWe are looking for an engineer. What we offer: much.\nExperience\n2015\nEducation\nBSc\nSkills\nSwift\njobs@company.example"
        ),
        (
            "an advertisement in German",
            "Wir suchen eine Fachkraft (m/w/d). Wir bieten viel.\nKenntnisse\nSwift\nAusbildung\n2010\nbewerbung@firma.example"
        ),
        ("an invoice", "Invoice number 12\nAmount due 2020\nSkills\nEducation\nExperience\na@b.example"),
        ("a blank form", "[Your Name]\nyour@email.example\nExperience\n2015 - 2020\nEducation\n2010\nSkills"),
        ("no contact data", "Jane Doe\nExperience\n2015 - 2020 Firm\nEducation\n2010 BSc"),
        ("no dates and few sections", "Jane Doe\njane@a.example\nExperience\nmuch\nEducation\nsome"),
        ("one section", "Jane Doe\njane@a.example\nSkills\nSwift 2020"),
        ("nothing", ""), ("a log", "2026-11-21 12:00:00 error: a@b.example refused\n2026-11-21 again"),
    ]

    @Test("takes resumes of many languages", arguments: resumes)
    func takes(_ words: String, _ text: String) {
        let recognition = Recognition(ResumeDocument(name: "x", kind: "txt", text: text))
        #expect(recognition.isResume, "\(words): \(recognition.evidence)")
    }

    @Test("takes nothing else", arguments: others)
    func leaves(_ words: String, _ text: String) {
        let recognition = Recognition(ResumeDocument(name: "x", kind: "txt", text: text))
        #expect(!recognition.isResume, "\(words): \(recognition.evidence)")
    }

    @Test("splits no more text than it looks at")
    func bounded() {
        let layout = ResumeLayout(String(repeating: "\n", count: 3 << 20))
        #expect(layout.isTooLong && layout.lines.count == 2000)
        let lines = ResumeLayout(String(repeating: "x\n", count: ResumeLayout.maximumLines + 5))
        #expect(lines.isTooLong && lines.lines.count == 2000)
        // The end of a text that is too long is not looked at: it is no resume whatever stands there.
        let first = ResumeLayout("a" + String(repeating: "\n", count: 100) + String(repeating: "é", count: 1 << 20))
        #expect(first.isTooLong && first.lines.first == "a")
    }

    @Test("ends with bounded work on hostile text")
    func hostile() {
        let texts = [
            String(repeating: "@", count: 300_000), String(repeating: "a@b.example ", count: 80_000),
            String(repeating: "\n", count: 300_000),
            String(repeating: "(at)", count: 100_000), String(repeating: "x ", count: 300_000),
            String(repeating: "李", count: 300_000),
        ]
        for text in texts {
            let finding = Samples.find([ResumeDocument(name: "x", kind: "txt", text: text)])
            #expect(finding.certain == nil)
        }
    }
}
