// Secrets do not stay in memory longer than they are needed.

import Glibc

package enum Secrets {
    /// Overwrites and empties `bytes`; explicit_bzero(3) is not optimised away. Bytes shared with another array are that
    /// array's business: copy-on-write would only wipe a copy.
    package static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
        bytes.removeAll()
    }
}
