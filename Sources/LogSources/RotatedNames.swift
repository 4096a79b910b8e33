// The names that rotation gives to what was a log: app.log.1, app.log-20261121, app-20261121.log, app.log.old.

enum RotatedNames {
    private static let compressed = [".gz", ".xz", ".zst", ".bz2", ".lz4", ".lzma", ".Z"]

    /// Whether `name` is an uncompressed generation of the file `base`, both without folder.
    static func isGeneration(_ name: String, of base: String) -> Bool { bases(of: name).contains(base) }

    /// The names of the logs that a file of this name may be an uncompressed generation of.
    static func bases(of name: String) -> [String] {
        guard !isCompressed(name) else { return [] }
        var bases: [String] = []
        for index in name.indices.dropFirst() where "._-".contains(name[index]) {
            if isMark(name[index...]) { bases.append(String(name[..<index])) }
            // logrotate's `extension`: the mark stands before it.
            if let dot = name.lastIndex(of: "."), dot > index, isMark(name[index..<dot]) {
                bases.append(String(name[..<index] + name[dot...]))
            }
        }
        return bases
    }

    /// Which of two generations of one log is older, by their names: the higher small number, the earlier date; nil
    /// where the names do not tell.
    static func isOlder(_ a: String, than b: String) -> Bool? {
        guard a != b, let x = number(a), let y = number(b) else { return nil }
        if x.utf8.count <= 4, y.utf8.count <= 4 { return (Int(x) ?? 0) > (Int(y) ?? 0) }
        return x.utf8.count > 4 && y.utf8.count > 4 ? a < b : nil
    }

    /// The first digits of the mark.
    private static func number(_ name: String) -> Substring? {
        for index in name.indices.reversed() where ".-_".contains(name[index]) {
            let digits = name[name.index(after: index)...].prefix { $0.isASCII && $0.isNumber }
            if !digits.isEmpty { return digits }
        }
        return nil
    }

    static func isCompressed(_ name: String) -> Bool { compressed.contains { name.hasSuffix($0) } }

    /// `.1`, `-20261121`, `-2026-11-21_120000`, `.old`.
    private static func isMark(_ mark: Substring) -> Bool {
        guard let first = mark.first, "._-".contains(first) else { return false }
        let rest = mark.dropFirst()
        if rest == "old" { return true }
        guard let digit = rest.first, digit.isASCII, digit.isNumber else { return false }
        return rest.allSatisfy { $0.isASCII && ($0.isNumber || "-_.:T".contains($0)) }
    }
}
