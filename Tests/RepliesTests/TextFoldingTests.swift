import Formats
import Mail
import Testing

@testable import Replies

@Suite("Texts made comparable")
struct TextFoldingTests {
    @Test(
        "what is written in pieces is what is written whole",
        arguments: [
            ("\u{110b}\u{1175}\u{1106}\u{1166}\u{110b}\u{1175}\u{11af}", "이메일"),
            ("\u{1109}\u{1165}\u{11bc}\u{1106}\u{1167}\u{11bc}", "성명"),
            ("フ\u{309a}ロシ\u{3099}ェクト", "プロジェクト"), ("か\u{3099}ほ\u{309a}う\u{3099}", "がぽゔ"), ("ウ\u{3099}", "ヴ"),
            ("И\u{306}Е\u{308}І\u{308}У\u{306}", "йёїў"), ("JOSE\u{301}", "jose"), ("é", "e"),
            ("あ\u{3099}", "あ"), ("\u{ac01}\u{11a8}", "\u{ac01}\u{11a8}"),
        ])
    func composes(text: String, expected: String) {
        #expect(Octets(TextFolding.fold(text)) == Octets(expected))
    }

    @Test(
        "marks and what is not seen are left out, vowels are not",
        arguments: [
            ("References\u{fe0f}", "references"), ("auto:\u{fe0f} x", "auto: x"),
            ("r\u{34f}ef\u{200d}s\u{e0101}", "refs"),
            ("a\u{5b0}\u{591}b\u{20dd}\u{e31}", "ab"), ("שָׁלוֹם", "שלום"), ("ที\u{e48}", "ที"),
            ("ह\u{93f}न\u{94d}", "ह\u{93f}न"),
            ("\u{301}", ""), ("\u{131}", "i"),
        ])
    func drops(text: String, expected: String) {
        #expect(Octets(TextFolding.fold(text)) == Octets(expected))
    }

    @Test(
        "a subject that a program writes is known with marks on it",
        arguments: ["auto:\u{fe0f} x", "Abwesenheit\u{301}"])
    func subjects(subject: String) { #expect(AutomaticSubject.prefix(of: subject) != nil) }

    @Test(
        "a role's address is known though marks stand behind its signs or on its letters",
        arguments: ["jobs+\u{301}x@example.org", "info.\u{5b0}berlin@example.org", "no\u{200d}reply@example.org"])
    func roles(text: String) throws { #expect(AddressKind.isRole(try EmailAddress(text))) }

    @Test("people's addresses are compared without the case of ASCII, and of nothing else") func keys() throws {
        #expect(try EmailAddress("Kate@X").key == "kate@x")
        #expect(try EmailAddress("\u{212a}ate@x").key != "kate@x")
    }

    @Test("the language is guessed of the text's first octets, and of words") func language() {
        let words = "und der die das mit von bei im zur als seit ausbildung kenntnisse "
        #expect(ResumeLanguage.guess(words) == "de")
        #expect(ResumeLanguage.guess("x" + String(repeating: "\u{5b0}", count: 25_000) + " " + words) == nil)
    }
}
