// Code under test that may not read everything, though root runs the tests.

import Glibc

package enum Unprivileged {
    /// Runs `body` as one who looks at files as the user nobody does, if root runs this. That is this thread's own user for
    /// the file system (setfsuid(2)), and `body` does not leave the thread: other tests go on as they are. Programs that
    /// it starts are root's.
    package static func run<T>(_ body: () throws -> T) rethrows -> T {
        guard geteuid() == 0 else { return try body() }
        setFileSystemUser(65534)
        defer { setFileSystemUser(0) }
        return try body()
    }

    /// No module of Glibc has it.
    private static func setFileSystemUser(_ id: UInt32) {
        typealias Call = @convention(c) (UInt32) -> Int32
        guard let symbol = dlsym(nil, "setfsuid") else { return }
        _ = unsafeBitCast(symbol, to: Call.self)(id)
    }
}
