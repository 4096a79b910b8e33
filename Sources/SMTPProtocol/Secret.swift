// Bytes that are nobody else's: a password, an access token, and every line of a login that is made from one.
//
// What must stay true: the bytes lie in a page of their own, which is locked against swapping where the host allows it,
// left out of core dumps, and overwritten before it is given back. They leave it for the time of `withBytes` alone; who
// must have them in an array wipes it (`Secret.wipe`).

import COpenSSL
import Formats
import Glibc

/// A secret. Two with the same bytes are equal; nothing that shows a value shows them. Any thread may use it.
package final class Secret: Sendable {
    /// Of the page; a number, because pointers are not Sendable. Nothing but `init` writes there, and `deinit`.
    private let address: UInt
    private let capacity: Int
    package let count: Int

    /// A copy of `bytes`; wiping these is the caller's business.
    package convenience init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { buffer in
            for (index, byte) in bytes.enumerated() { buffer[index] = byte }
        }
    }

    package convenience init(_ text: String) { self.init(text.utf8) }

    /// Takes `bytes` over and wipes them: nothing is left in an array that nobody else holds.
    package convenience init(taking bytes: inout [UInt8]) {
        self.init(bytes)
        Self.wipe(&bytes)
    }

    /// Of `count` bytes, which are zero until `fill` writes them.
    package init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.count = count
        capacity = max(1, count)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let page = mmap(nil, capacity, PROT_READ | PROT_WRITE, flags, -1, 0), page != MAP_FAILED else {
            fatalError("no memory for a secret")
        }
        // Both are refused where limits are narrow; the bytes are wiped all the same.
        _ = mlock(page, capacity)
        _ = madvise(page, capacity, MADV_DONTDUMP)
        address = UInt(bitPattern: page)
        fill(UnsafeMutableRawBufferPointer(start: page, count: count))
    }

    deinit {
        guard let page = UnsafeMutableRawPointer(bitPattern: address) else { return }
        explicit_bzero(page, capacity)
        munmap(page, capacity)
    }

    package var isEmpty: Bool { count == 0 }

    /// Lends the bytes; the pointer is not to be kept.
    package func withBytes<T, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> T) throws(E) -> T {
        try body(UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: address), count: count))
    }

    /// Overwrites and empties `items`; explicit_bzero(3) is not optimised away. What is shared with another array is that
    /// array's business: copy-on-write would only wipe a copy.
    package static func wipe<Item: BitwiseCopyable>(_ items: inout [Item]) {
        items.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
        items.removeAll()
    }
}

extension Secret: Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// In a time that depends on the length alone.
    package static func == (a: Secret, b: Secret) -> Bool {
        a.count == b.count
            && a.withBytes { one in b.withBytes { CRYPTO_memcmp(one.baseAddress, $0.baseAddress, one.count) == 0 } }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(count) }

    package var description: String { "(hidden)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret {
    /// A piece of a line that is made from secrets.
    package enum Piece {
        case text(String)
        case bytes([UInt8])
        case secret(Secret)

        fileprivate var count: Int {
            switch self {
            case .text(let text): text.utf8.count
            case .bytes(let bytes): bytes.count
            case .secret(let secret): secret.count
            }
        }
    }

    /// The pieces one after the other.
    package convenience init(_ pieces: Piece...) { self.init(pieces) }

    package convenience init(_ pieces: [Piece]) {
        self.init(count: pieces.reduce(0) { $0 + $1.count }) { buffer in
            var at = 0
            for piece in pieces {
                let place = UnsafeMutableRawBufferPointer(rebasing: buffer[at...])
                switch piece {
                case .text(let text): place.copyBytes(from: text.utf8)
                case .bytes(let bytes): place.copyBytes(from: bytes)
                case .secret(let secret): secret.withBytes { place.copyMemory(from: $0) }
                }
                at += piece.count
            }
        }
    }

    /// In base64, with padding.
    var base64: Secret {
        let length = (count + 2) / 3 * 4
        // EVP_EncodeBlock(3) ends what it writes with a NUL.
        let ended = Secret(count: length + 1) { out in
            withBytes { bytes in
                _ = EVP_EncodeBlock(
                    out.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: bytes.count))
            }
        }
        return ended.prefix(length)
    }

    /// In hexadecimal, with small letters.
    var hexadecimal: Secret {
        let digits = Array("0123456789abcdef".utf8)
        return Secret(count: count * 2) { out in
            withBytes { bytes in
                for (index, byte) in bytes.enumerated() {
                    out[2 * index] = digits[Int(byte >> 4)]
                    out[2 * index + 1] = digits[Int(byte & 15)]
                }
            }
        }
    }

    /// The first bytes, `length` or as many as there are.
    func prefix(_ length: Int) -> Secret {
        Secret(count: min(length, count)) { out in
            withBytes { out.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(length))) }
        }
    }

    /// Byte by byte; as long as the shorter one.
    func xor(_ other: Secret) -> Secret {
        Secret(count: min(count, other.count)) { out in
            withBytes { a in other.withBytes { b in for index in out.indices { out[index] = a[index] ^ b[index] } } }
        }
    }
}
