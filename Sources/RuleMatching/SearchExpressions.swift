// What the block scan searches for, told: so that the bench can give a bare scan the very same.

import Rules

extension Matcher {
    /// An expression in Vectorscan's syntax, and its flags (hs_compile.h, `HS_FLAG_…`).
    package struct SearchExpression: Sendable {
        package var text: String
        package var flags: UInt32
    }

    /// The expressions that the rules are compiled to, in the order of the database.
    package static func searchExpressions(of rules: RuleSet) throws(MatcherError) -> [SearchExpression] {
        var compiler = RuleCompiler(rules)
        _ = try compiler.database(nil)
        return compiler.expressions.map { SearchExpression(text: $0.text, flags: $0.flags) }
    }
}
