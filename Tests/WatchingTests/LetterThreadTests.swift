// Letters in a real mail store: Dovecot's THREAD=REFERENCES over them, as Tests/Peers/dovecot-threads runs it.

import Formats
import Glibc
import Incidents
import Mail
import Platform
import Rules
import TestSupport
import Testing

@testable import Watching

@Suite struct LetterThreadTests {
    @Test(
        "Dovecot shows one thread for each incident, and a digest by itself",
        .disabled(if: getenv("HERALD_WITHOUT_DOVECOT") != nil, "left out: HERALD_WITHOUT_DOVECOT is set"))
    func threads() throws {
        let folder = try TemporaryFolder()
        var count = 0
        func keep(_ report: Report, _ prefix: String) throws -> String {
            count += 1
            let draft = try LetterFixtures.letter().draft(report, to: LetterFixtures.admin(), id: "\(prefix)\(count)")
            // In the order of a mailbox that is not the order of the thread.
            try Files.write(draft.rendered(), to: "\(folder.path)/\(90 - count).eml")
            return draft.messageID
        }
        var course: [String] = []
        let reports = LetterFixtures.course { report in
            let id = (try? keep(report, "a")) ?? ""
            course.append(id)
            return id
        }
        #expect(reports.map(\.kind) == [.first, .further, .reminder, .recovered, .returned])
        // The same title on the same host, an incident later: the same subject, and a thread of its own.
        let again = try keep(try #require(reports.first), "b")
        let digest = try keep(try #require(LetterFixtures.digest()), "c")
        let other = try keep(try #require(LetterFixtures.trace()), "d")

        let threads = try Self.ask(folder.path)
        // RFC 5256, REFERENCES, step 5: what has the same subject is put together, references or not.
        #expect(threads.first == Set([Set(course + [again]), [digest], [other]]))
        #expect(threads.last == Set([Set(course), [again], [digest], [other]]))
    }

    private static let script = Files.split(Files.split(#filePath).directory).directory + "/Peers/dovecot-threads"

    /// The threads that the server answers, as sets of Message-IDs: by REFERENCES, and by REFS.
    private static func ask(_ folder: String) throws -> [Set<Set<String>>] {
        let result = try ChildProcess(["/bin/sh", script, folder], deadline: .seconds(900)).run()
        let words = String(decoding: result.errors, as: UTF8.self)
        // 77: no packages, or a Dovecot that is run in another way.
        if result.ending == .exited(77), !Completeness.isDemanded {
            try Test.cancel("no Dovecot can run here: \(words)")
        }
        try #require(
            result.ending == .exited(0), "no Dovecot; HERALD_WITHOUT_DOVECOT=1 leaves this test out: \(words)")
        let answer = String(decoding: result.output, as: UTF8.self).replacing("\r\n", with: "\n")
        var ids: [String: String] = [:]
        for match in answer.matches(of: /\* (\d+) FETCH [^\n]*\nMessage-ID: (<[^>\n]+>)/.ignoresCase()) {
            ids[String(match.1)] = String(match.2)
        }
        let lines = answer.split(separator: "\n").filter { $0.hasPrefix("* THREAD ") }
        try #require(lines.count == 2, "\(answer)")
        return lines.map { line in Set(roots(String(line.dropFirst(9))).map { Set($0.compactMap { ids[$0] }) }) }
    }

    /// The numbers of each outermost bracket of a THREAD answer (RFC 5256 section 4).
    private static func roots(_ text: String) -> [[String]] {
        var roots: [[String]] = []
        var depth = 0
        for character in text {
            switch character {
            case "(":
                if depth == 0 { roots.append([""]) }
                depth += 1
                fallthrough
            case " ": roots[roots.count - 1].append("")
            case ")": depth -= 1
            default: roots[roots.count - 1][roots[roots.count - 1].count - 1].append(character)
            }
        }
        return roots
    }
}
