// All relaxed patterns in one Vectorscan database, and the scan of a block of text by it.
// Block mode; never SINGLEMATCH (it would lose later lines), never UTF8 (it misses matches beside invalid bytes).

import CVectorscan
import Glibc

/// A place where a relaxed pattern ends.
struct Candidate {
    /// Of the pattern, as given to the database.
    var pattern: Int32
    /// Bytes of the block up to and with the last one of the match.
    var end: Int32
    /// Where the line of that byte ends in the block: its newline, or the block's end.
    var lineEnd: Int32
}

/// A failure of Vectorscan: the pattern at fault, if one is, and the words.
struct DatabaseFault: Error {
    var pattern: Int?
    var words: String
}

/// The database with its scratch memory; used on one thread at a time.
final class PatternDatabase {
    private let database: CompiledDatabase?
    private var scratch: OpaquePointer?
    private let sink: CandidateSink

    /// One expression.
    struct Expression {
        var text: String
        /// `^` means the start of a line.
        var multiline = false
        /// For what Vectorscan cannot express: it searches for a superset.
        var prefilter = false

        var flags: UInt32 {
            (multiline ? UInt32(HS_FLAG_MULTILINE) : 0) | (prefilter ? UInt32(HS_FLAG_PREFILTER) : 0)
        }
    }

    /// An empty list makes a database that finds nothing.
    convenience init(_ expressions: [Expression], cache: DatabaseCache? = nil) throws(DatabaseFault) {
        try self.init(owning: try Self.compile(expressions, cache), patterns: expressions.count)
    }

    /// - Parameter pointer: what `compile` made of so many expressions.
    init(owning pointer: OpaquePointer?, patterns: Int) throws(DatabaseFault) {
        sink = CandidateSink(patterns: patterns)
        guard let pointer else {
            database = nil
            return
        }
        let compiled = CompiledDatabase(owning: pointer)
        database = compiled
        if hs_alloc_scratch(compiled.pointer, &scratch) != HS_SUCCESS {
            throw DatabaseFault(pattern: nil, words: "no memory to scan with")
        }
    }

    private init(sharing database: CompiledDatabase?, patterns: Int) {
        self.database = database
        sink = CandidateSink(patterns: patterns)
        if let database { precondition(hs_alloc_scratch(database.pointer, &scratch) == HS_SUCCESS, "no memory") }
    }

    deinit { hs_free_scratch(scratch) }

    /// The same database for another thread.
    func twin() -> PatternDatabase { PatternDatabase(sharing: database, patterns: sink.patterns) }

    /// Why this expression alone cannot be searched for; nil when it can.
    static func fault(of expression: Expression) -> String? {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var error: UnsafeMutablePointer<hs_compile_error_t>?
        let result = hs_expression_info(expression.text, expression.flags, &info, &error)
        defer {
            free(info)
            hs_free_compile_error(error)
        }
        return result == HS_SUCCESS ? nil : words(error)
    }

    /// Scans whole lines, at most 2 GiB. The candidates are valid until the next scan, and come in the order of their
    /// ends: at least one for each pattern and line, none of them twice without need.
    func scan(_ block: UnsafeRawBufferPointer) -> UnsafeBufferPointer<Candidate> {
        sink.begin(block)
        guard let base = block.baseAddress, !block.isEmpty, let database else { return sink.found }
        let context = Unmanaged.passUnretained(sink).toOpaque()
        let result = hs_scan(
            database.pointer, base.assumingMemoryBound(to: CChar.self), UInt32(clamping: block.count), 0, scratch,
            { pattern, _, end, _, context in
                guard let context else { return 0 }
                // A storm calls this several times for each line: without counting references.
                Unmanaged<CandidateSink>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.add(Int(pattern), Int(end)) }
                return 0
            }, context)
        precondition(result == HS_SUCCESS, "hs_scan failed: \(result)")
        sink.order()
        return sink.found
    }

    /// On any thread. Nil for an empty list.
    static func compile(
        _ expressions: [Expression], _ cache: DatabaseCache?
    ) throws(DatabaseFault) -> OpaquePointer? {
        if expressions.isEmpty { return nil }
        guard let cache else { return try compile(expressions) }
        let key = DatabaseCache.key(expressions)
        if let database = cache.load(key) { return database }
        let database = try compile(expressions)
        if let database { cache.store(database, key) }
        return database
    }

    private static func compile(_ expressions: [Expression]) throws(DatabaseFault) -> OpaquePointer? {
        let expressions = expressions + StopBytes.fillers.map { Expression(text: $0) }
        var texts: [UnsafePointer<CChar>?] = expressions.map { UnsafePointer(strdup($0.text)) }
        defer { for text in texts { free(UnsafeMutablePointer(mutating: text)) } }
        let flags = expressions.map(\.flags)
        let numbers = expressions.indices.map { UInt32($0) }
        var database: OpaquePointer?
        var error: UnsafeMutablePointer<hs_compile_error_t>?
        let result = hs_compile_multi(
            &texts, flags, numbers, UInt32(expressions.count), UInt32(HS_MODE_BLOCK), nil, &database, &error)
        defer { hs_free_compile_error(error) }
        guard result == HS_SUCCESS else {
            let index = error.map { Int($0.pointee.expression) } ?? -1
            throw DatabaseFault(pattern: index >= 0 ? index : nil, words: words(error))
        }
        return database
    }

    private static func words(_ error: UnsafeMutablePointer<hs_compile_error_t>?) -> String {
        guard let error, let message = error.pointee.message else { return "out of memory" }
        var text = String(cString: message)
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

/// The compiled form: never written to, so any number of threads may scan with it.
private final class CompiledDatabase {
    let pointer: OpaquePointer?
    init(owning pointer: OpaquePointer?) { self.pointer = pointer }
    deinit { hs_free_database(pointer) }
}

/// Where the callback of a scan puts what is found. A pattern that ends at every byte of a line is taken once for it.
private final class CandidateSink {
    private var candidates: UnsafeMutablePointer<Candidate>
    private var count = 0
    private var capacity = 4096
    /// For each pattern the end of the line that it was found in last.
    private let quietUntil: UnsafeMutablePointer<Int>
    let patterns: Int
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Of the candidate before.
    private var lastEnd = 0
    private var lastLineEnd = 0
    /// Vectorscan reports a few behind later ones.
    private var isOrdered = true

    init(patterns: Int) {
        self.patterns = patterns
        candidates = .allocate(capacity: capacity)
        quietUntil = .allocate(capacity: max(1, patterns))
        quietUntil.initialize(repeating: 0, count: max(1, patterns))
    }

    deinit {
        candidates.deallocate()
        quietUntil.deallocate()
    }

    var found: UnsafeBufferPointer<Candidate> { UnsafeBufferPointer(start: candidates, count: count) }

    func begin(_ block: UnsafeRawBufferPointer) {
        self.block = block
        count = 0
        (lastEnd, lastLineEnd) = (0, 0)
        isOrdered = true
        quietUntil.update(repeating: 0, count: patterns)
    }

    func add(_ pattern: Int, _ end: Int) {
        guard pattern < patterns, end > quietUntil[pattern], let base = block.baseAddress, end <= block.count else {
            return
        }
        if end < lastEnd || end > lastLineEnd {
            let last = base + (end - 1)
            lastLineEnd = memchr(last, 0x0a, block.count - (end - 1)).map { UnsafeRawPointer($0) - base } ?? block.count
            if end < lastEnd { isOrdered = false }
        }
        lastEnd = end
        quietUntil[pattern] = lastLineEnd
        if count == capacity { grow() }
        candidates[count] = Candidate(
            pattern: Int32(truncatingIfNeeded: pattern), end: Int32(truncatingIfNeeded: end),
            lineEnd: Int32(truncatingIfNeeded: lastLineEnd))
        count += 1
    }

    func order() {
        if isOrdered { return }
        var all = UnsafeMutableBufferPointer(start: candidates, count: count)
        all.sort { $0.end < $1.end }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Candidate>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: candidates, count: count)
        candidates.deallocate()
        candidates = larger
        capacity *= 2
    }
}
