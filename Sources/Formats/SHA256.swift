// SHA-256 for identities, not for secrecy: fingerprints, the heads of files, contents already seen. The watcher and the
// responder do not link libcrypto (their link table is the first line of defence), so these lines stand here. Each line of
// a storm of different messages is hashed: nothing is allocated on the way.

/// SHA-256 (FIPS 180-4), incrementally.
package struct SHA256: Sendable {
    private var state = HashState()
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    package init() {}

    package mutating func update(_ bytes: some Sequence<UInt8>) {
        let handled: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if handled == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    private mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !pending.isEmpty {
            let taken = rest.prefix(64 - pending.count)
            pending.append(contentsOf: taken)
            rest = rest.dropFirst(taken.count)
            guard pending.count == 64 else { return }
            pending.withUnsafeBytes { state.compress($0) }
            pending.removeAll(keepingCapacity: true)
        }
        let blocks = rest.count & ~63
        state.compress(UnsafeRawBufferPointer(rebasing: rest.prefix(blocks)))
        pending.append(contentsOf: rest.dropFirst(blocks))
    }

    /// The 32 bytes of the digest.
    package consuming func finalize() -> [UInt8] {
        pending.withUnsafeBytes { state.finish($0, length: length) }
        return state.bytes
    }

    package static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// The first 16 bytes of the digest, as two numbers of which the first bytes are the highest.
    package static func half(of bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        var state = HashState()
        let blocks = bytes.count & ~63
        state.compress(UnsafeRawBufferPointer(rebasing: bytes[..<blocks]))
        state.finish(UnsafeRawBufferPointer(rebasing: bytes[blocks...]), length: UInt64(bytes.count))
        return state.half
    }

    /// HMAC-SHA-256 (RFC 2104).
    package static func authenticate(_ message: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        var block = key.count > 64 ? digest(key) : key
        block.append(contentsOf: repeatElement(0, count: 64 - block.count))
        var inner = SHA256()
        inner.update(block.map { $0 ^ 0x36 })
        inner.update(message)
        var outer = SHA256()
        outer.update(block.map { $0 ^ 0x5c })
        outer.update(inner.finalize())
        return outer.finalize()
    }
}

private let roundConstants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
]

/// The eight words that blocks are worked into.
private struct HashState {
    private var a: UInt32 = 0x6a09_e667
    private var b: UInt32 = 0xbb67_ae85
    private var c: UInt32 = 0x3c6e_f372
    private var d: UInt32 = 0xa54f_f53a
    private var e: UInt32 = 0x510e_527f
    private var f: UInt32 = 0x9b05_688c
    private var g: UInt32 = 0x1f83_d9ab
    private var h: UInt32 = 0x5be0_cd19

    var bytes: [UInt8] {
        [a, b, c, d, e, f, g, h].flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
    }

    var half: (UInt64, UInt64) { (UInt64(a) << 32 | UInt64(b), UInt64(c) << 32 | UInt64(d)) }

    /// The last bytes, fewer than 64, and the padding behind them (section 5.1.1). `length`: of all, in bytes.
    mutating func finish(_ rest: UnsafeRawBufferPointer, length: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { last in
            last.initializeMemory(as: UInt8.self, repeating: 0)
            last.copyMemory(from: rest)
            last[rest.count] = 0x80
            let size = rest.count < 56 ? 64 : 128
            last.storeBytes(of: (length &* 8).bigEndian, toByteOffset: size - 8, as: UInt64.self)
            compress(UnsafeRawBufferPointer(rebasing: last[..<size]))
        }
    }

    /// Whole blocks of 64 bytes.
    mutating func compress(_ blocks: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
            for block in stride(from: 0, to: blocks.count, by: 64) {
                for i in 0..<16 {
                    w[i] = blocks.loadUnaligned(fromByteOffset: block + i * 4, as: UInt32.self).bigEndian
                }
                for i in 16..<64 {
                    let s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3)
                    let s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10)
                    w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
                }
                roundConstants.withUnsafeBufferPointer { constants in
                    for i in 0..<64 { w[i] &+= constants[i] }
                }
                work(UnsafeBufferPointer(w))
            }
        }
    }

    /// The 64 rounds of a block, eight at a time: then the words are in their places again, and none is moved.
    private mutating func work(_ w: UnsafeBufferPointer<UInt32>) {
        var s = self
        for i in stride(from: 0, to: 64, by: 8) {
            Self.round(s.a, s.b, s.c, &s.d, s.e, s.f, s.g, &s.h, w[i])
            Self.round(s.h, s.a, s.b, &s.c, s.d, s.e, s.f, &s.g, w[i + 1])
            Self.round(s.g, s.h, s.a, &s.b, s.c, s.d, s.e, &s.f, w[i + 2])
            Self.round(s.f, s.g, s.h, &s.a, s.b, s.c, s.d, &s.e, w[i + 3])
            Self.round(s.e, s.f, s.g, &s.h, s.a, s.b, s.c, &s.d, w[i + 4])
            Self.round(s.d, s.e, s.f, &s.g, s.h, s.a, s.b, &s.c, w[i + 5])
            Self.round(s.c, s.d, s.e, &s.f, s.g, s.h, s.a, &s.b, w[i + 6])
            Self.round(s.b, s.c, s.d, &s.e, s.f, s.g, s.h, &s.a, w[i + 7])
        }
        (a, b, c, d) = (a &+ s.a, b &+ s.b, c &+ s.c, d &+ s.d)
        (e, f, g, h) = (e &+ s.e, f &+ s.f, g &+ s.g, h &+ s.h)
    }

    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
        _ h: inout UInt32, _ word: UInt32
    ) {
        let t1 = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ (g ^ (e & (f ^ g))) &+ word
        let t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ ((a & b) | (c & (a | b)))
        d = d &+ t1
        h = t1 &+ t2
    }
}

@inline(__always)
private func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x &>> n | x &<< (32 &- n) }
