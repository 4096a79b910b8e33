// Lines as they never were: what stands in no test by itself.

import TestSupport

extension Xorshift {
    /// Changes, takes out, puts in or cuts off bytes, so many times at most.
    mutating func mutate(_ line: inout [UInt8], upTo most: Int) {
        for _ in 0..<below(most + 1) where !line.isEmpty {
            let at = below(line.count)
            switch below(4) {
            case 0: line[at] = UInt8(truncatingIfNeeded: next())
            case 1: line.remove(at: at)
            case 2: line.insert(UInt8(truncatingIfNeeded: next()), at: at)
            default: line.removeSubrange(at...)
            }
        }
    }
}
