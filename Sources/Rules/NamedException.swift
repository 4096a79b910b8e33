// What `unless` asks for by a name: lines in which somebody else's words stand, and lines that say themselves that nothing
// is wrong. Many rules have to leave such lines alone, whatever they are for; so what these look like stands in one place.

/// An exception that `unless` can name in place of a pattern.
package enum NamedException: String, CaseIterable, Sendable {
    /// A line that repeats what a client, a user or another program said: requests, statements, commands, letters.
    case quoted = "<quoted>"
    /// What a web server says of a request, in its error log.
    case request = "<request>"
    /// What a web server's client chose, in access and error logs; lines of programs that mostly repeat what strangers say.
    case strangers = "<strangers>"
    /// A line that calls itself notice, info or milder.
    case routine = "<routine>"

    /// The pattern that it stands for; nil where a line's header decides (`Rule.spared`).
    package var text: String? {
        switch self {
        case .quoted: Self.quotedText
        case .request: Self.requestText
        case .strangers, .routine: nil
        }
    }

    /// The one that stands for this pattern.
    package init?(text: String) {
        guard let found = Self.allCases.first(where: { $0.text == text }) else { return nil }
        self = found
    }

    /// Whether a text of `unless` is meant as a name.
    static func isName(_ text: String) -> Bool {
        text.utf8.count > 2 && text.utf8.first == UInt8(ascii: "<") && text.utf8.last == UInt8(ascii: ">")
            && text.utf8.dropFirst().dropLast().allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x2d }
    }

    private static let quotedText = [
        // Units and commits, named by whoever wrote them.
        #"^(?:Start(?:ed|ing)|commit [0-9a-f]+:) "#,
        // Requests, and who sent them; Apache's numbers for a request that it refuses, nginx' for a file that is not there.
        #""(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PROPFIND|CONNECT|PATCH) [^"\n]*" [0-9]{3} "#,
        #""(?:http_)?user_agent":"#, #""User-Agent":"#, #"\.useragent="#, #"\bModSecurity: "#, #"^client @"#,
        #"^[0-9.]+ +[0-9]+ \S+ [A-Z_]+/[0-9]{3} "#, #"\bAH00(?:126|127|128|135): "#,
        #"\*[0-9]+ [a-z]+\(\) "[^\n]*" failed \((?:2|20|36): "#,
        // Mail: subjects, greetings, another server's answer.
        #"\bT=""#, #"\brejected (?:EHLO|HELO) "#, #"syntactically invalid argument"#, #" said: [45][0-9][0-9][ -]"#,
        // Statements, and names at a login.
        #"\b(?:STATEMENT|QUERY|CONTEXT):  "#, #"\bLOG:  (?:statement|duration|execute|parse|bind)\b"#,
        #"\bfailed for user ""#, #"\bAccess denied for user \'"#, #"^(?:Slow query|Authentication failed)\n"#,
        // Commands.
        #"\btype=(?:EXECVE|USER_CMD|PROCTITLE|USER_LOGIN) "#, #"^(?:EXECVE|PROCTITLE) "#, #"; COMMAND="#,
        #"\bInvoked with "#, #"\bfail2ban\."#,
    ].joined(separator: "|")

    private static let requestText = #", client: \S+, server: |, referer: |\[client [0-9a-f.:]+\]"#
}
