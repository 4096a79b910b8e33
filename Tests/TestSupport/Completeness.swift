// Whether a test may be left out where the machine cannot run it.

import Glibc

package enum Completeness {
    /// In CI and under `make check` (HERALD_STRICT) nothing is left out: what cannot run here fails, and says why.
    package static let isDemanded = getenv("CI") != nil || getenv("HERALD_STRICT") != nil
}
