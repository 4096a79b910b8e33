// The names that rotation gives to what was a log: app.log.1, app.log-20261121.gz, app-20261121.log, app.log.old.

/// A name, taken as that of a generation of a log.
struct RotatedName: Equatable {
    /// The log's own name.
    var base: String
    /// The numbers of the mark between base and end, in their order: `[1]`, `[20261121]`, `[2026, 11, 21, 3]`; empty for
    /// `.old`.
    var mark: [Int64]
    /// Nil: not compressed.
    var compression: Compression?
    var scheme: Scheme
    /// Only rotation gives such a name: a number or `old` behind the log's whole name and a dot, or a date behind it.
    /// Others are those of logs too (worker-1.log, node_2.log, app.1.log).
    var isCertain = false
    /// A date stands before the extension (app-20261121.log): logrotate's `extension`, or a program that begins a log each
    /// day. Certain where no pattern names the file as a log.
    var isDated = false

    /// A way of naming what is rotated. Of two names only those of one way tell which file is older.
    struct Scheme: Hashable {
        /// What stands before the mark: `.`, `-` or `_`.
        var separator: UInt8
        /// logrotate's `extension`: app.1.log.
        var isBeforeExtension: Bool
        var counting: Counting
    }

    enum Counting {
        /// 1, 2, 3: the higher, the older.
        case generations
        /// 20261121, seconds since 1970.
        case dates
        /// 2026-11-21.
        case dateParts
        /// `old`.
        case nothing

        init(_ mark: [Int64]) {
            guard let first = mark.first else {
                self = .nothing
                return
            }
            // Smaller numbers count generations, or are years.
            self = first >= 10_000 ? .dates : mark.count == 1 ? .generations : .dateParts
        }
    }

    /// All readings of `name`; usually one or none. `app-20261121.log` is one of `app.log`, `app.1-2` of `app` and of
    /// `app.1`.
    static func readings(of name: String) -> [RotatedName] {
        let compression = Compression(name: name)
        let plain = compression.map { name.dropLast($0.rawValue.count) } ?? name[...]
        let bytes = plain.utf8
        var readings: [RotatedName] = []
        // A mark is short, and stands at the end or before an extension: what is before is the log's name.
        let lastDot = bytes.lastIndex(of: 0x2e)
        for index in bytes.indices.suffix(64) where index != bytes.startIndex && isSeparator(bytes[index]) {
            if let mark = numbers(of: bytes[index...]) {
                let isCertain = isDate(mark, bytes[index...]) || (mark.count <= 1 && bytes[index] == 0x2e)
                let scheme = Scheme(separator: bytes[index], isBeforeExtension: false, counting: Counting(mark))
                readings.append(
                    RotatedName(
                        base: String(plain[..<index]), mark: mark, compression: compression, scheme: scheme,
                        isCertain: isCertain))
            }
            // logrotate's `extension`: the mark stands before it.
            if let lastDot, lastDot > index, let mark = numbers(of: bytes[index..<lastDot]) {
                let base = String(plain[..<index]) + plain[lastDot...]
                let scheme = Scheme(separator: bytes[index], isBeforeExtension: true, counting: Counting(mark))
                readings.append(
                    RotatedName(
                        base: base, mark: mark, compression: compression, scheme: scheme,
                        isDated: isDate(mark, bytes[index...])))
            }
        }
        return readings
    }

    /// Whether this generation is older than `other`, by their names: the higher small number, the earlier date, and of
    /// one date the lower number. Nil where the names do not tell.
    func isOlder(than other: RotatedName) -> Bool? {
        guard scheme == other.scheme, mark != other.mark, let mine = mark.first, let others = other.mark.first else {
            return nil
        }
        return scheme.counting == .generations ? mine > others : mark.lexicographicallyPrecedes(other.mark)
    }

    /// Whether a mark is a date or a time: `-20261121`, `-01122026`, `.2026-11-21`, `.21-11-2026`, seconds since 1970. Those
    /// of fewer digits are those of processes, ports and the like as well.
    private static func isDate(_ mark: [Int64], _ text: Substring.UTF8View) -> Bool {
        guard let first = mark.first else { return false }
        if text.dropFirst().prefix(8).count(where: { (0x30...0x39).contains($0) }) == 8 { return true }
        guard mark.count > 1, (1...12).contains(mark[1]) else { return false }
        let isYearLast = mark.count > 2 && (1970...2999).contains(mark[2]) && (1...31).contains(first)
        return isYearLast || (1970...2999).contains(first)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x2e || byte == 0x5f || byte == 0x2d }

    /// The numbers of `.1`, `-20261121`, `-2026-11-21_120000`, `.old`; nil where it is no mark.
    private static func numbers(of mark: Substring.UTF8View) -> [Int64]? {
        let rest = mark.dropFirst()
        if rest.elementsEqual("old".utf8) { return [] }
        var numbers: [Int64] = []
        var isNew = true
        for byte in rest {
            switch byte {
            case 0x30...0x39:
                if isNew { numbers.append(0) }
                isNew = false
                let last = numbers.count - 1
                let (product, overflow) = numbers[last].multipliedReportingOverflow(by: 10)
                let (sum, tooLarge) = product.addingReportingOverflow(Int64(byte - 0x30))
                if overflow || tooLarge { return nil }
                numbers[last] = sum
            default:
                guard !numbers.isEmpty, "-_.:T".utf8.contains(byte) else { return nil }
                isNew = true
            }
        }
        return numbers.isEmpty ? nil : numbers
    }
}
