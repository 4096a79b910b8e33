// The table of what other servers do (rows by number), each played by a scripted server to the whole mailer.

import Formats
import Platform
import TestSupport
import Testing

@Suite struct FaultRowTests {
    @Test("opening", arguments: FaultRow.opening + FaultRow.sizes) func opening(_ row: FaultRow) throws {
        try FaultRowBench().play(row)
    }

    @Test("TLS", arguments: FaultRow.tls + FaultRow.interjections) func tls(_ row: FaultRow) throws {
        try FaultRowBench().play(row)
    }

    @Test("login", arguments: FaultRow.login) func login(_ row: FaultRow) throws { try FaultRowBench().play(row) }

    @Test("transaction", arguments: FaultRow.transaction) func transaction(_ row: FaultRow) throws {
        try FaultRowBench().play(row)
    }

    @Test("message", arguments: FaultRow.message) func message(_ row: FaultRow) throws {
        try FaultRowBench().play(row)
    }

    /// Rows that tests of their own play, and the file in Tests that says so.
    private static let elsewhere: [(rows: [Int], file: String)] = [
        ([63, 64, 66, 85, 86, 87, 88, 89, 90, 91, 92, 95, 98], "MailingTests/Rows/FaultRowLetterTests"),
        ([1, 3, 4, 5, 46, 47, 48], "MailingTests/MailerDirectTests"),
        ([6], "MailingTests/Rows/MailerDirectTests+Names"),
        ([57], "MailingTests/MailerTokenTests"),
        ([93], "ProgramTests/MailerFaultTests"), ([94], "ProgramTests/MailerKillTests"),
        ([96], "MailingTests/MailerClockTests"), ([97], "ProgramTests/MailerFaultTests"),
    ]

    @Test("every row of the table is played, nearly all to the whole mailer") func complete() throws {
        let all =
            FaultRow.opening + FaultRow.sizes + FaultRow.tls + FaultRow.interjections + FaultRow.login
            + FaultRow.transaction + FaultRow.message
        let here = Set(all.map(\.number))
        let others = Self.elsewhere.flatMap(\.rows)
        #expect(here.union(others) == Set(1...98))
        #expect(here.isDisjoint(with: others))
        #expect(Set(all.map(\.testDescription)).count == all.count)
        // The others are played to the client, or to the mailer as a process.
        let whole = Self.elsewhere.filter { $0.file.hasPrefix("MailingTests") }
        #expect(here.count + whole.flatMap(\.rows).count >= 95)
        let tests = Files.split(Files.split(Files.split(#filePath).directory).directory).directory
        for (rows, file) in Self.elsewhere {
            let text = String(decoding: try Files.read("\(tests)/\(file).swift"), as: UTF8.self)
            for row in rows { #expect(Self.names(row, in: text), "row \(row) in \(file)") }
        }
    }

    /// Whether a test's name says `row 4`, `rows 1, 3 and 4` or `rows 3 to 5`.
    private static func names(_ row: Int, in text: String) -> Bool {
        text.ranges(of: "row").contains { range in
            let words = text[range.upperBound...].prefix { $0 != ":" && $0 != "\"" && $0 != "\n" }
            let numbers = words.split { !$0.isNumber }.compactMap { Int($0) }
            if numbers.contains(row) { return true }
            return words.contains(" to ") && numbers.count > 1 && (numbers[0]...max(numbers[0], numbers[1])) ~= row
        }
    }
}
