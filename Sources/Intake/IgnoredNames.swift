// Names in a drop folder that are no items: what programs leave while they write, and what systems leave beside files.

/// Which names are never taken.
package enum IgnoredNames {
    private static let endings = [".part", ".filepart", ".tmp", ".partial", ".crdownload", ".swp", "~"]
    private static let beginnings = ["~$", "."]
    private static let whole: Set<String> = ["thumbs.db", "desktop.ini", "@eadir"]

    /// By the bytes of a name; letters are compared without case.
    package static func contains(_ name: [UInt8]) -> Bool {
        let lower = name.map { (0x41...0x5a).contains($0) ? $0 + 32 : $0 }
        if whole.contains(where: { lower.elementsEqual($0.utf8) }) { return true }
        if beginnings.contains(where: { lower.starts(with: $0.utf8) }) { return true }
        // pure-ftpd's .pureftpd-upload and rsync's .NAME.XXXXXX begin with a dot; `.in.NAME.` is proftpd's.
        return endings.contains { lower.count >= $0.utf8.count && lower.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }
}
