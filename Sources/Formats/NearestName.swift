// "Did you mean": the known name nearest to a mistaken one.

package enum NearestName {
    /// The end of a message that names what is not known: `; did you mean 'NAME'?` for the candidate that is near, printable
    /// whatever the candidates hold, else `otherwise`.
    package static func hint(
        for name: String, in candidates: some Sequence<String>, otherwise: String = ""
    ) -> String {
        to(name, in: candidates).map { "; did you mean '\(Printable.text($0))'?" } ?? otherwise
    }

    /// The candidate with the smallest edit distance (transpositions count one), if it is near enough to be meant.
    package static func to(_ name: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(name.lowercased().utf8)
        let nearest = candidates.map { ($0, distance(wanted, Array($0.lowercased().utf8))) }.min { $0.1 < $1.1 }
        if let (candidate, cost) = nearest, cost <= max(1, max(wanted.count, candidate.utf8.count) / 3) {
            return candidate
        }
        // `crit`, `emerg`: cut short, and only one name begins so.
        guard wanted.count >= 3 else { return nil }
        let longer = candidates.filter { $0.lowercased().utf8.starts(with: wanted) }
        return longer.count == 1 ? longer[0] : nil
    }

    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                row.append(cost)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
