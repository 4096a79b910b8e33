// Where a trace begins, line by line: the decision that the joiner's walk asks.

import Formats
import Testing

@testable import Records

@Suite struct TraceBeginningsTests {
    private func line(_ text: String) -> StreamLine {
        StreamLine(raw: Array(text.utf8), order: 0, context: LineContext(format: .auto, readAt: JoiningBench.readAt))
    }

    @Test(
        "a first line begins a trace of its language; where one language is set, of no other",
        arguments: [
            ("Traceback (most recent call last):", Multiline.auto, TraceLanguage?.some(.python)),
            ("Traceback (most recent call last):", .language(.python), .python),
            ("Traceback (most recent call last):", .language(.java), nil),
            ("panic: runtime error", .auto, .go),
            ("panic: runtime error", .language(.go), .go),
            ("panic: runtime error", .language(.ruby), nil),
            ("the service was started", .auto, nil),
            ("", .auto, nil),
        ])
    func first(text: String, multiline: Multiline, language: TraceLanguage?) {
        #expect(TraceBeginnings(multiline: multiline).state(after: line(text))?.language == language)
    }

    @Test("a first line that tells no language takes that which is set, where it has such lines")
    func unnamed() {
        let text = line("com.example.OrderException: no stock")
        #expect(TraceBeginnings(multiline: .auto).state(after: text)?.language == nil)
        #expect(TraceBeginnings(multiline: .auto).state(after: text)?.isConfirmed == false)
        #expect(TraceBeginnings(multiline: .language(.java)).state(after: text)?.language == .java)
        #expect(TraceBeginnings(multiline: .language(.go)).state(after: text) == nil)
    }

    @Test("a report on a console has no header, and is not sure; the kernel's own is")
    func kernel() {
        let beginnings = TraceBeginnings(multiline: .auto)
        let text = "Oops: 0002 [#1] SMP PTI"
        #expect(beginnings.state(after: line(text))?.isConfirmed == false)
        #expect(beginnings.state(after: line("Nov 21 12:41:14 web1 kernel: [ 12.5] \(text)"))?.isConfirmed == true)
    }

    @Test(
        "after which lines one may follow: those that speak of errors, any where a language is set, none where none is",
        arguments: [
            ("ERROR while saving", Multiline.auto, true), ("saved", .auto, false), ("saved", .language(.perl), true),
            ("  ", .language(.perl), false), ("ERROR while saving", .none, false),
            ("Nov 21 12:41:14 web1 kernel: an Error", .auto, false),
        ])
    func mayFollow(text: String, multiline: Multiline, expected: Bool) {
        #expect(TraceBeginnings(multiline: multiline).mayFollow(line(text)) == expected)
    }

    @Test(
        "two lines that are the beginning of a trace only together",
        arguments: [
            ("request failed", "\tat com.example.Shop.main(Shop.java:3)", Multiline.auto, true),
            ("request failed", "nothing more", .auto, false),
            ("request failed", "\tmain::run() called at shop.pl line 3", .auto, true),
            ("request failed", "\tmain::run() called at shop.pl line 3", .language(.perl), true),
            ("request failed", "\tmain::run() called at shop.pl line 3", .language(.java), false),
            // It begins one by itself.
            ("request failed", "Traceback (most recent call last):", .auto, false),
            // But under an entry of a log it is of that.
            ("2026-11-21 12:41:14 ERROR request failed", "Traceback (most recent call last):", .auto, true),
        ])
    func together(first: String, second: String, multiline: Multiline, expected: Bool) {
        let state = TraceBeginnings(multiline: multiline).state(after: line(first), line(second))
        #expect((state != nil) == expected)
    }
}
