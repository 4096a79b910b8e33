// The bounds within which one document is read. A document that hits one is told apart from one that is damaged.

import Glibc
import Platform

package enum ExtractionLimits {
    package static let cpuSeconds: UInt64 = 10
    package static let memoryBytes: UInt64 = 512 << 20
    package static let inputBytes = 64 << 20
    /// Text, in octets of UTF-8: a resume has a few thousand.
    package static let textBytes = 4 << 20
    /// Further words of a document: a link, an address, a name.
    static let wordBytes = 1000
    /// The deadline of the whole process, kept by whoever starts it.
    package static let deadline: Duration = .seconds(30)

    /// 64 MiB, and 100 times the input; a few pages are allowed to any input.
    package static func outputBytes(input: Int) -> Int { min(64 << 20, max(256 << 10, input * 100)) }

    /// CPU, memory, output (JSON escapes what it carries), no core, few descriptors; children inherit them.
    static func apply() throws(SystemError) {
        try set(RLIMIT_CPU, cpuSeconds)
        try set(RLIMIT_AS, memoryBytes)
        try set(RLIMIT_CORE, 0)
        try set(RLIMIT_FSIZE, 256 << 20)
        try set(RLIMIT_NOFILE, 64)
    }

    private static func set(_ resource: __rlimit_resource, _ value: UInt64) throws(SystemError) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        try retrying("set a resource limit") { setrlimit(__rlimit_resource_t(resource.rawValue), &limit) }
    }
}
