// What the heap holds though nobody uses it.

import CPlatform

package enum Heap {
    /// Gives freed pages back to the kernel. Worth its millisecond after work that needed much memory once, such as the
    /// compilation of the rules, before a daemon comes to rest.
    package static func trim() { herald_trim_heap() }
}
