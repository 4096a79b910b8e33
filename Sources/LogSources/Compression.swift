// The compressions in which logs are kept, known by a generation's name and by a file's first bytes.

/// How a log was compressed, and which program reads it.
package enum Compression: String, CaseIterable, Sendable {
    case gzip = ".gz"
    case xz = ".xz"
    case zstd = ".zst"
    case bzip2 = ".bz2"

    init?(name: some StringProtocol) {
        guard let match = Self.allCases.first(where: { name.hasSuffix($0.rawValue) }) else { return nil }
        self = match
    }

    /// By the first bytes of a file: RFC 1952 section 2.3.1, the .xz file format section 2.1.1.1, RFC 8878 sections
    /// 3.1.1 and 3.1.2 (a skippable frame may come first), bzip2's `BZh` with the size of its blocks.
    package init?(head: some Collection<UInt8>) {
        let head = Array(head.prefix(8))
        if head.starts(with: [0x1f, 0x8b]) {
            self = .gzip
        } else if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
            self = .xz
        } else if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
            || head.count >= 4 && head[0] & 0xf0 == 0x50 && head[1...].starts(with: [0x2a, 0x4d, 0x18])
        {
            self = .zstd
        } else if head.count >= 4, head.starts(with: "BZh".utf8), (0x31...0x39).contains(head[3]) {
            self = .bzip2
        } else {
            return nil
        }
    }

    /// The program's name, and its Debian package.
    package var program: (name: String, package: String) {
        switch self {
        case .gzip: ("gzip", "gzip")
        case .xz: ("xz", "xz-utils")
        case .zstd: ("zstd", "zstd")
        case .bzip2: ("bzip2", "bzip2")
        }
    }
}
