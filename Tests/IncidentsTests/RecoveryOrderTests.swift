// A recovery ends what was before it. Sources are not read in the order in which all was written.

import Formats
import Rules
import Testing

@testable import Incidents

@Suite struct RecoveryOrderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var hitAge: Int64
        var signAge: Int64
        var isJournal = true
        var isCatchingUp = false
        var ends: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "yesterday's, from a journal file that came late", hitAge: 0, signAge: 86400, ends: false),
        Case(name: "newer than the hit", hitAge: 60, signAge: 0, ends: true),
        Case(name: "in the second of the hit, whose stamp has a fraction", hitAge: 0, signAge: 1, ends: true),
        Case(name: "some seconds older", hitAge: 0, signAge: 10, ends: false),
        Case(
            name: "older, in a file that is caught up with", hitAge: 0, signAge: 600, isJournal: false,
            isCatchingUp: true,
            ends: false),
        Case(
            name: "in a file at work, whose writers' clocks differ by hours", hitAge: 0, signAge: 7200,
            isJournal: false,
            ends: true),
        Case(name: "of a hit that was stamped with the future", hitAge: -7200, signAge: 0, ends: true),
    ])
    func `It ends an incident unless a hit came after it`(example: Case) {
        var clocked = ClockedBook()
        clocked.book.isCatchingUp = example.isCatchingUp
        let id = clocked.hit(age: .seconds(example.hitAge), ending: .recovery, isJournal: example.isJournal)
        clocked.now = clocked.now + .seconds(1)
        let ended = clocked.recover(age: .seconds(example.signAge + 1), isJournal: example.isJournal)
        #expect(ended == (example.ends ? [id] : []))
    }

    @Test(arguments: [-7200, 7200])
    func `A clock that was set between the two does not matter`(step: Int64) {
        var clocked = ClockedBook()
        let id = clocked.hit(ending: .recovery)
        clocked.now = clocked.now + .seconds(60 + step)
        clocked.book.clockWasSet(by: .seconds(step))
        #expect(clocked.recover() == [id])
    }
}
