// How many files may be open at once.

import Glibc

enum DescriptorLimit {
    /// To what the administrator allows. A thousand files are a thousand descriptors; the soft limit is often 1024.
    /// - Returns: how many may be open.
    @discardableResult
    static func raise() -> Int {
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if limit.rlim_cur < limit.rlim_max, setrlimit(resource, &raised) == 0 { return Int(clamping: raised.rlim_cur) }
        return Int(clamping: limit.rlim_cur)
    }
}
