// Numbers with what they count, for people: 1 entry, 2 entries.

/// `1 line`, `2 lines`; `many` where it is not `one` with an s.
package func counted(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
}
