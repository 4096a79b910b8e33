import Formats
import Testing

@Suite struct CountedTests {
    @Test("numbers agree with what they count", arguments: [(0, "0 lines"), (1, "1 line"), (2, "2 lines")])
    func plain(count: Int, text: String) { #expect(counted(count, "line") == text) }

    @Test("a word with a plural of its own", arguments: [(0, "0 entries"), (1, "1 entry"), (11, "11 entries")])
    func own(count: Int, text: String) { #expect(counted(UInt64(count), "entry", "entries") == text) }
}
