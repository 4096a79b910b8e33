// A database that is compiled while another one is: of the rules' two the smaller takes a quarter of the time.

import CVectorscan
import Platform
import Synchronization

/// A `PatternDatabase` on its way, on a thread of its own where there is one to be had.
final class DatabaseInWork: Sendable {
    /// What was made: the pointer as a number, until it is fetched.
    private final class Place: Sendable {
        let made = Mutex<Result<UInt, DatabaseFault>?>(nil)

        deinit {
            guard case .success(let address)? = made.withLock({ $0 }) else { return }
            hs_free_database(OpaquePointer(bitPattern: address))
        }
    }

    private let place = Place()
    private let patterns: Int
    private let worker: Mutex<Worker?>

    init(_ expressions: [PatternDatabase.Expression], _ cache: DatabaseCache?) {
        patterns = expressions.count
        let place = place
        let work: @Sendable () -> Void = {
            let made: Result<UInt, DatabaseFault>
            do throws(DatabaseFault) {
                made = .success(UInt(bitPattern: try PatternDatabase.compile(expressions, cache)))
            } catch {
                made = .failure(error)
            }
            place.made.withLock { $0 = made }
        }
        let started = try? Worker.start("compile", work)
        worker = Mutex(started)
        if started == nil { work() }
    }

    deinit { join() }

    /// Waits for it, and hands it over: once.
    func finished() throws(DatabaseFault) -> PatternDatabase {
        join()
        switch place.made.withLock({ $0.take() }) {
        case .success(let address):
            return try PatternDatabase(owning: OpaquePointer(bitPattern: address), patterns: patterns)
        case .failure(let fault): throw fault
        case nil: throw DatabaseFault(pattern: nil, words: "it was handed over before")
        }
    }

    private func join() { worker.withLock { $0.take() }?.join() }
}
