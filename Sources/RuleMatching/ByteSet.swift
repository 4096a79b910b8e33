// A set of byte values as 256 bits: patterns are looked at with many of these at each start.

struct ByteSet: Hashable {
    static let all = ByteSet(bits: SIMD4(repeating: .max))

    private var bits: SIMD4<UInt64>

    private init(bits: SIMD4<UInt64>) { self.bits = bits }

    init(_ bytes: some Sequence<UInt8> = []) {
        bits = .zero
        for byte in bytes { bits[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    }

    var count: Int { (0..<4).reduce(0) { $0 + bits[$1].nonzeroBitCount } }

    var complement: ByteSet { ByteSet(bits: ~bits) }

    /// In ascending order.
    var bytes: [UInt8] { (UInt8.min...UInt8.max).filter { bits[Int($0 >> 6)] >> UInt64($0 & 63) & 1 == 1 } }

    func union(_ other: ByteSet) -> ByteSet { ByteSet(bits: bits | other.bits) }

    mutating func formUnion(_ other: ByteSet) { bits |= other.bits }
}
