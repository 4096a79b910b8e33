import Testing

@testable import Mailing

@Suite struct CommitGroupTests {
    private let took = Duration.milliseconds(2)

    @Test("as many are waited for as come together, and no longer than half of what a commit takes")
    func grows() {
        var group = CommitGroup()
        for expected in [2, 3, 4, 4, 4] {
            let (count, wait) = group.wants(busy: 4, commitTook: took)
            #expect(count == expected)
            #expect(wait == .milliseconds(1))
            group.came(count, wanted: count)
        }
        #expect(group.wants(busy: 2, commitTook: .seconds(5)) == (2, CommitGroup.longestWait))
    }

    @Test("one that does not come is waited for once in 32 rounds")
    func slow() {
        var group = CommitGroup()
        var inVain = 0
        for _ in 0..<320 {
            let (count, _) = group.wants(busy: 4, commitTook: took)
            // The fourth has a server that takes its time.
            if count > 3 { inVain += 1 }
            group.came(min(count, 3), wanted: count)
        }
        #expect(inVain == 10)
        #expect(group.size == 3)
    }
}
