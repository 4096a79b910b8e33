// The search for exceptions (`unless`) in a message that a rule hit. They have a database of their own: beside the
// patterns every line of a log would be searched for them, and what many lines have (`"GET `, `INFO`) would be found in
// each; here only messages are that are hit, and most of them have none.
//
// Must stay true: where an exception that is searched for matches a message, its text stands in it. So the search is of
// the message as it was written; of one that is masked, every exception is asked.

import Rules

/// A pattern of `unless`, or those of its alternatives that can be searched for, or the others.
final class Exception {
    let pattern: CompiledPattern
    /// As the rule has it.
    let written: Pattern
    /// Its number in the search; nil: it is not searched for, and always asked.
    let search: Int32?

    init(_ pattern: CompiledPattern, written: Pattern, search: Int32?) {
        (self.pattern, self.written, self.search) = (pattern, written, search)
    }
}

/// Used on one thread at a time.
final class ExceptionSearch {
    private let database: PatternDatabase
    private var found: UnsafeBufferPointer<Candidate>?

    init(_ database: PatternDatabase) { self.database = database }

    /// The same for another thread.
    func twin() -> ExceptionSearch { ExceptionSearch(database.twin()) }

    /// Another message comes.
    func begin() { found = nil }

    /// Whether any of the exceptions that are searched for may match the message.
    func findsAny(in message: UnsafeBufferPointer<UInt8>) -> Bool { !candidates(in: message).isEmpty }

    /// Whether that one may match the message.
    func finds(_ search: Int32, in message: UnsafeBufferPointer<UInt8>) -> Bool {
        candidates(in: message).contains { $0.pattern == search }
    }

    private func candidates(in message: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<Candidate> {
        if let found { return found }
        let all = database.scan(UnsafeRawBufferPointer(message))
        found = all
        return all
    }
}
