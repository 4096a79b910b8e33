// Errors of the operating system, told so that a person can act on them.

import Glibc

/// A system call that failed: what was tried, on what, and errno.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package var operation: String
    package var path: String
    package var errno: Int32

    package init(_ operation: String, _ path: String = "", errno: Int32 = Glibc.errno) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    /// `cannot open /var/log/x: Permission denied`
    package var description: String {
        "cannot \(operation)\(path.isEmpty ? "" : " " + path): \(Self.text(of: errno))"
    }

    /// The text of an errno value in English, safe between threads: strerror_l(3) in the C locale.
    package static func text(of errno: Int32) -> String {
        guard let locale = newlocale(0x1fbf /* LC_ALL_MASK */, "C", nil) else { return "error \(errno)" }
        defer { freelocale(locale) }
        return strerror_l(errno, locale).map { String(cString: $0) } ?? "error \(errno)"
    }
}

/// Calls `body` again while it is interrupted by a signal; throws when it returns -1.
@discardableResult
package func retrying<T: SignedInteger>(
    _ operation: String, _ path: String = "", _ body: () -> T
) throws(SystemError) -> T {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw SystemError(operation, path) }
    }
}
