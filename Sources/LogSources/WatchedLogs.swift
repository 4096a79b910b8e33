// The logs that are watched, by path and by what their names may mean: with ten thousand of them none is found by asking
// each.

import Platform

struct WatchedLogs {
    private var byPath: [String: WatchedLog] = [:]
    /// The paths of those whose name may be a generation's of a log of this name.
    private var byBase: [String: Set<String>] = [:]

    var values: Dictionary<String, WatchedLog>.Values { byPath.values }

    subscript(path: String) -> WatchedLog? {
        get { byPath[path] }
        set {
            if (newValue == nil) != (byPath[path] == nil) { index(path, isThere: newValue != nil) }
            byPath[path] = newValue
        }
    }

    /// Those whose name may be a generation's of a log called `name`, whatever their folder.
    func namesakes(of name: String) -> [WatchedLog] { (byBase[name] ?? []).compactMap { byPath[$0] } }

    private mutating func index(_ path: String, isThere: Bool) {
        for base in Set(RotatedName.readings(of: Files.split(path).name).map(\.base)) {
            if isThere {
                byBase[base, default: []].insert(path)
            } else {
                byBase[base]?.remove(path)
                if byBase[base]?.isEmpty == true { byBase[base] = nil }
            }
        }
    }
}
