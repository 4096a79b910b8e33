// The searches and the rules as a decision reads them: rows without references. In a storm they are looked at for each
// candidate, and counting the references in a copy of a `Search` or a `CompiledRule` took a fifth of it.

/// What is asked of what the scan found.
struct SearchRow {
    let rule: Int32
    let role: Search.Role
    /// As long as the matcher lives.
    let code: CompiledPattern.Code

    init(_ search: Search) {
        (rule, role, code) = (Int32(truncatingIfNeeded: search.rule), search.role, search.pattern.code)
    }
}

/// What is asked of a rule before its parts are.
struct RuleRow {
    let isFloor: Bool
    let isExpected: Bool
    let hasPatterns: Bool
    let hasConditions: Bool
    let sparesStrangers: Bool
    let sparesRoutine: Bool
    let isOfKernel: Bool
    /// Whether a line with a header of syslog is asked for hangs on its file and its program alone.
    let isOfProgram: Bool
    /// It has exceptions, and some that the scan does not search for.
    let hasExceptions: Bool
    let hasUnsearched: Bool

    init(_ rule: CompiledRule) {
        (isFloor, isExpected, hasPatterns) = (rule.isFloor, rule.isExpected, rule.hasPatterns)
        (sparesStrangers, sparesRoutine) = (rule.sparesStrangers, rule.sparesRoutine)
        isOfKernel = rule.conditions.contains { $0.isOfKernel }
        hasConditions = !rule.conditions.isEmpty
        isOfProgram = rule.conditions.allSatisfy { $0.isOfProgramInSyslog }
        hasExceptions = !rule.unless.isEmpty
        hasUnsearched = rule.unless.contains { $0.search == nil }
    }
}

/// Which rules are asked of a program's lines in a batch: decided once for each program.
final class ProgramVerdicts {
    enum Verdict: UInt8 { case unknown, isAsked, isNotAsked }

    private static let slots = 16
    private let rules: Int
    private let verdicts: UnsafeMutablePointer<Verdict>
    /// Of each slot's program the name in the batch.
    private let names: UnsafeMutablePointer<Range<Int>>

    init(rules: Int) {
        self.rules = rules
        verdicts = .allocate(capacity: rules * Self.slots)
        names = .allocate(capacity: Self.slots)
        names.initialize(repeating: -1 ..< -1, count: Self.slots)
    }

    deinit {
        verdicts.deallocate()
        names.deallocate()
    }

    /// A verdict for each rule about the program whose name stands there; valid until the next call.
    func of(_ name: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeMutableBufferPointer<Verdict> {
        var hash = UInt32(truncatingIfNeeded: name.count)
        for at in name { hash = (hash ^ UInt32(bytes[at])) &* 0x0100_0193 }
        let slot = Int((hash >> 16) & UInt32(Self.slots - 1))
        let known = names[slot]
        let isKnown =
            known.lowerBound >= 0 && known.count == name.count
            && zip(known, name).allSatisfy { bytes[$0] == bytes[$1] }
        if !isKnown {
            names[slot] = name
            (verdicts + slot * rules).initialize(repeating: .unknown, count: rules)
        }
        return UnsafeMutableBufferPointer(start: verdicts + slot * rules, count: rules)
    }
}
