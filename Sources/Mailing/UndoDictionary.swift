// A dictionary that a round changes and that is put back where the round is not committed. Must stay true: all of that
// costs what was changed, not what there is.

struct UndoDictionary<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private(set) var values: [Key: Value] = [:]
    /// Of what was changed since `settle`: what was there before.
    private(set) var earlier: [Key: Value?] = [:]

    subscript(key: Key) -> Value? {
        get { values[key] }
        set {
            if earlier[key] == nil { earlier.updateValue(values[key], forKey: key) }
            values[key] = newValue
        }
    }

    /// What was changed stands.
    mutating func settle() { if !earlier.isEmpty { earlier = [:] } }

    /// As it was at the last `settle`.
    mutating func revert() {
        for (key, value) in earlier { values[key] = value }
        earlier = [:]
    }
}
