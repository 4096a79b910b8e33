// A second processor for storms: where every line is hit, the decisions take longer than all the rest, and each half of a
// batch is decided by itself. Must stay true: the marks are those of one matcher, in the same order; there is no second
// thread, and no second copy of the rules' code, before there is a storm and at rest after it.

import Glibc
import Records
import Synchronization

/// A matcher, and in a storm another one on a thread of its own. Used on one thread.
package final class MatcherPair {
    package let matcher: Matcher
    private var partner: Partner?
    private let hasProcessors = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// Waking the other thread costs as much as some kilobytes.
    private static let smallestBatch = 32 << 10
    /// Hits of one batch that are a storm.
    private static let manyHits = 500

    package init(_ matcher: Matcher) { self.matcher = matcher }

    /// What `Matcher.marks` says of the batch.
    package func marks(in batch: RecordBatch) -> Marks {
        guard batch.bytes.count >= Self.smallestBatch, batch.count > 1 else { return matcher.marks(in: batch) }
        guard let partner, partner.isReady else {
            let marks = matcher.marks(in: batch)
            if hasProcessors, partner == nil, marks.hits.count >= Self.manyHits { partner = Partner(matcher) }
            return marks
        }
        let half = batch.bytes.count / 2
        let middle = batch.ranges.firstIndex { $0.lowerBound >= half } ?? batch.count
        return partner.marks(in: batch, from: middle) { matcher.marks(in: batch, of: 0..<middle) }
    }

    /// There is another thread, or one that makes its rules ready.
    var isPaired: Bool { partner != nil }
    /// The other thread is ready, or there is none to come.
    var isSettled: Bool { partner?.isReady ?? true }

    /// The storm is over: the other thread ends.
    package func rest() { partner = nil }
}

/// The other thread. Its owner and it look at the job by turns, each when the other's semaphore lets it.
private final class Partner {
    private final class Desk {
        let original: Matcher
        let isReady = Atomic(false)
        /// What is to be decided; nil ends the thread.
        var job: (batch: RecordBatch, records: Range<Int>)?
        var marks = Marks()
        let wanted = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init(_ original: Matcher) {
            self.original = original
            sem_init(wanted, 0, 0)
            sem_init(done, 0, 0)
        }

        deinit {
            for semaphore in [wanted, done] {
                sem_destroy(semaphore)
                semaphore.deallocate()
            }
        }

        /// On the other thread.
        func run() {
            let matcher = original.twin()
            isReady.store(true, ordering: .releasing)
            while true {
                wait(for: wanted)
                guard let job else { return }
                marks = matcher.marks(in: job.batch, of: job.records)
                self.job = nil
                sem_post(done)
            }
        }

        func wait(for semaphore: UnsafeMutablePointer<sem_t>) {
            while sem_wait(semaphore) != 0 {}  // a signal's handler ran
        }
    }

    private let desk: Desk
    private var thread = pthread_t()
    private let isRunning: Bool

    init(_ matcher: Matcher) {
        desk = Desk(matcher)
        // The desk outlives the thread: `deinit` waits for its end.
        isRunning =
            pthread_create(
                &thread, nil,
                { desk in
                    if let desk { Unmanaged<Desk>.fromOpaque(desk).takeUnretainedValue().run() }
                    return nil
                }, Unmanaged.passUnretained(desk).toOpaque()) == 0
    }

    deinit {
        guard isRunning else { return }
        sem_post(desk.wanted)
        pthread_join(thread, nil)
    }

    /// False as long as its rules are made ready, and where there was no thread to be had.
    var isReady: Bool { desk.isReady.load(ordering: .acquiring) }

    /// The marks of the records before `middle`, which are decided by `others` meanwhile, and of those from there on.
    func marks(in batch: RecordBatch, from middle: Int, others: () -> Marks) -> Marks {
        desk.job = (batch, middle..<batch.count)
        sem_post(desk.wanted)
        var marks = others()
        desk.wait(for: desk.done)
        marks.append(desk.marks)
        desk.marks = Marks()
        return marks
    }
}
