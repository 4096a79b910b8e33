import Incidents
import Testing

@testable import Watching

@Suite struct GroupTableTests {
    private static func fingerprint(_ number: Int) -> Fingerprint {
        Fingerprint(rule: "r", uid: UInt32(number), groups: [])
    }

    @Test("a group is found again by its key, and by no other, however many come")
    func found() {
        var table = GroupTable()
        var met: [Int: Int] = [:]
        for number in 0..<20_000 {
            let key = Array("the key of group \(number % 5000)".utf8)
            let group = table.number(of: key) ?? table.add(key, Self.fingerprint(number % 5000))
            #expect(table[group].fingerprint == Self.fingerprint(number % 5000))
            if table[group].round == number % 5000 { met[number % 5000, default: 0] += 1 }
            table[group].round = number % 5000
            #expect(table.number(of: key + [0]) == nil)
        }
        // Only as many are remembered as there is room for.
        #expect(met.values.reduce(0, +) < 15_000)
    }

    @Test("what was met is remembered, an empty key and one of a megabyte too")
    func sizes() {
        var table = GroupTable()
        #expect(table.number(of: []) == nil)
        let long = [UInt8](repeating: 7, count: 1 << 20)
        for key in [[], [0], [0, 0], long] {
            let group = table.add(key, Self.fingerprint(key.count))
            table[group].place = key.count
            #expect(table.number(of: key).map { table[$0].place } == key.count)
        }
        #expect(table.number(of: []) == nil, "the long one took all the room")
        table.removeAll()
        #expect(table.number(of: long) == nil)
    }
}
