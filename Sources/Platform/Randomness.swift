// Random bytes of the kernel.

import CPlatform
import Formats
import Glibc

package enum Randomness {
    /// `count` bytes from getrandom(2), at most 256.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(count <= 256)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            // For up to 256 bytes getrandom(2) is never short and, once the pool is ready, never fails.
            while getrandom(buffer.baseAddress, count, 0) != count {}
            filled = count
        }
    }

    /// A letter's or incident's id: 128 random bits in 32 hexadecimal digits.
    package static func identifier() -> String { Hex.encode(bytes(16)) }
}
