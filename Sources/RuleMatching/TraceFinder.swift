// The lines of a block that may begin or go on with a stack trace, found by one scan: a database of literals, which costs a
// fraction of the rules' scan, and lets the joiner pass over all other lines.

import Records
import YAML

/// Finds the candidates of a `RecordJoiner`. Used on one thread at a time; `twin()` for another.
package final class TraceFinder {
    private let database: PatternDatabase

    /// - Parameter cache: compiling takes as long as reading 50,000 entries of a journal.
    /// - Throws: `MatcherError` when there is no memory; the literals themselves are known to be good.
    package init(cache: DatabaseCache? = nil) throws(MatcherError) {
        let literals = TraceTriggers.literals.map { PatternDatabase.Expression(text: Self.escaped($0)) }
        let expressions = TraceTriggers.expressions.map { PatternDatabase.Expression(text: $0, multiline: true) }
        do throws(DatabaseFault) {
            database = try PatternDatabase(literals + expressions, cache: cache)
        } catch {
            throw MatcherError(faults: [
                Diagnostic(file: "traces", message: "the search for traces cannot be made: \(error.words)")
            ])
        }
    }

    private init(sharing database: PatternDatabase) { self.database = database.twin() }

    /// The same for another thread.
    package func twin() -> TraceFinder { TraceFinder(sharing: database) }

    /// The records of a batch, ascending, that hold a trigger.
    package func candidates(in batch: RecordBatch) -> [Int] {
        batch.bytes.withUnsafeBytes { raw in
            var found: [Int] = []
            var isSorted = true
            for candidate in database.scan(raw) {
                guard let index = batch.index(ofByte: Int(candidate.end) - 1), index != found.last else { continue }
                if let last = found.last, last > index { isSorted = false }
                found.append(index)
            }
            return isSorted ? found : Set(found).sorted()
        }
    }

    /// A joiner's records of a batch.
    package func join(_ batch: RecordBatch, by joiner: inout RecordJoiner, at now: Duration) -> RecordBatch {
        joiner.join(
            batch, candidates: joiner.looksAtEveryLine ? Array(0..<batch.count) : candidates(in: batch), at: now)
    }

    private static func escaped(_ literal: String) -> String {
        let digits = Array("0123456789abcdef")
        return literal.utf8.map { byte in
            let isPlain = (97...122).contains(byte | 0x20) || (48...57).contains(byte)
            return isPlain
                ? String(UnicodeScalar(byte)) : "\\x" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }.joined()
    }
}
