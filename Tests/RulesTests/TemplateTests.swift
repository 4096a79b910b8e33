import Records
import Testing

@testable import Rules

@Suite struct TemplateTests {
    @Test(
        "places are filled, and braces that open no name stay",
        arguments: [
            ("{a} and {b}", "1 and 2"), ("{c}", "?"), ("{", "{"), ("{}", "{}"), ("{a", "{a"), ("a}", "a}"),
            ("{ a}", "{ a}"),
            ("{{a}}", "{1}"), ("{1a}", "{1a}"), ("${a}", "$1"), ("", ""), ("{a-b}", "{a-b}"),
        ])
    func rendering(text: String, expected: String) {
        let template = Template(text)
        #expect(template.rendered { ["a": "1", "b": "2"][$0] } == expected)
        #expect(template.source == text)
    }

    @Test("a hit's title is one line, with nothing unsafe in it, and its advice keeps unknown braces")
    func hit() {
        var rule = Rule(id: "r", title: Template("{what} on {host} by {identifier}"), severity: .error)
        rule.advice = Template("Run awk '{print}' {what}")
        var record = Record(source: .file("/x"), message: [])
        record.host = "web\u{202e}1"
        let capture = Capture(name: "what", value: Array("a\r\nBcc: x\u{1b}[2J".utf8) + [0xff])
        let hit = Hit(rule: rule, record: record, captures: [capture])
        #expect(hit.title() == #"a\r\nBcc: x\u{1b}[2J\xff on web\u{202e}1 by x"#)
        #expect(hit.advice() == #"Run awk '{print}' a\r\nBcc: x\u{1b}[2J\xff"#)
    }

    @Test("a file's line need not name host and program: the local host and the file's name stand for them")
    func fallbacks() {
        let rule = Rule(id: "r", title: Template("{identifier} on {host} of {unit} says {pid}"), severity: .error)
        var record = Record(source: .file("/var/log/shop/app.log"), message: [])
        func title() -> String { Hit(rule: rule, record: record, captures: []).title(localHost: "web1") }
        #expect(title() == "app.log on web1 of app.log says ?")
        (record.host, record.identifier, record.pid) = ("db1", "shop", 7)
        #expect(title() == "shop on db1 of shop says 7")
        record.source = .journal("")
        (record.host, record.identifier) = (nil, nil)
        #expect(title() == "? on web1 of ? says 7")
    }

    @Test("emergency is the most severe")
    func severity() {
        #expect(Severity.emergency > .warning)
        #expect(Severity.alert.isAtLeast(.critical))
        #expect(!Severity.error.isAtLeast(.critical))
        #expect(Severity(name: "error") == .error)
        #expect(Severity(name: "Error") == nil)
    }
}
