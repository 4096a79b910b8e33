// A folder for one test, gone with it.

import Glibc
import Platform

/// A new folder beneath /tmp (or TMPDIR), removed with all beneath it when the last reference goes.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws(SystemError) {
        let place = (Environment["TMPDIR"] ?? "/tmp") + "/herald-test-" + Randomness.identifier()
        try Files.makeDirectories(place, mode: 0o700)
        path = place
    }

    deinit { try? Files.removeTree(path) }

    /// The path of something in it.
    package func callAsFunction(_ name: String) -> String { path + "/" + name }
}
