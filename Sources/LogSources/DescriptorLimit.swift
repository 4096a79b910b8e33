// How many files may be open at once.

import Glibc

enum DescriptorLimit {
    /// To what the administrator allows. A thousand files are a thousand descriptors; the soft limit is often 1024.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0,
            limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    }
}
