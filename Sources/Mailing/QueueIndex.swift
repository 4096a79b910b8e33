// What waits in the queue, in memory: who is next, and when the next one is due, without a look at the table. Pure: the
// time is a parameter. The table is the truth; the index is made of it at a start and after changes of many rows, and
// otherwise follows each row that is written.
//
// Must stay true: after a commit the index says what the table says. Within a transaction it is ahead of what is
// committed, and `rollBack` puts it back. A round costs what changes in it, whatever waits.

import Formats

/// By whom a delivery may be carried.
enum Carrier: Hashable {
    /// By the account that serves this alias at the time; nil: the default one.
    case alias(String?)
    /// By this account alone: an earlier attempt there is uncertain.
    case account(String)
    /// By the alias's accounts but those that have refused it for their own sake.
    case handedOn(alias: String?, refusedBy: [String])
}

/// Of reports, critical ones and others each by themselves, one to a recipient waits while another to the same one is on
/// its way: on two connections it could overtake it.
struct Chain: Hashable {
    var recipient: String
    var priority: Int

    /// Reports tell one story; answers and what people send are each for itself.
    static let priorities = 0...1
}

struct QueueIndex {
    /// A delivery, as the table has it.
    struct Row: Equatable {
        var number: Int64
        var state: DeliveryState
        var rank: Int
        /// In microseconds; nil: a person decides.
        var next: Int64?
        var carrier: Carrier
        var recipient: String
    }

    /// A delivery that is due, in the order of service.
    struct Place: Comparable {
        /// The last `order` that a report may have.
        static let lastOfReports = UInt8(Chain.priorities.upperBound * 4 + 3)

        /// Twice the rank, and one more for what is not uncertain.
        var order: UInt8
        var next: Int64
        var number: Int64

        static func < (a: Place, b: Place) -> Bool {
            if a.order != b.order { return a.order < b.order }
            return a.next != b.next ? a.next < b.next : a.number < b.number
        }
    }

    /// What `take` gives.
    struct Pick: Equatable {
        var number: Int64
        /// Of the recipient's address; empty where all destinations are one.
        var destination: String
        var chain: Chain?
        var line: Int
    }

    /// 16 octets, for there are as many as deliveries that wait.
    struct Entry: Equatable {
        /// `.max`: a person decides.
        var next: Int64
        var line: Int32
        var order: UInt8
        var state: UInt8
        /// It stands in its line, not among the times to come.
        var isDue = false

        func place(_ number: Int64) -> Place { Place(order: order, next: next, number: number) }
    }

    /// Deliveries that compete for nothing but their turn: those of one carrier to one destination, of one chain.
    struct Line {
        var key: LineKey
        var places = Heap<Place>()
        var entries = 0
        var due = 0
    }

    struct LineKey: Hashable {
        var group: Int
        var destination: String
        var chain: Chain?
    }

    /// The lines of one carrier.
    struct Group {
        var carrier: Carrier
        /// The first of each line that may go: one that may not stands nowhere until `wake`, or its chain is free.
        var ready = Heap<Ready>()
        var lines = 0
        var due = 0
        var waiting = 0
    }

    struct Ready: Comparable {
        var place: Place
        var line: Int
        static func < (a: Ready, b: Ready) -> Bool { a.place < b.place }
    }

    struct Time: Comparable {
        var next: Int64
        var number: Int64
        static func < (a: Time, b: Time) -> Bool { a.next != b.next ? a.next < b.next : a.number < b.number }
    }

    struct ChainState {
        var underWay = 0
        /// Lines whose first waits for it.
        var waiting: [Int] = []
    }

    /// Whether the deliveries of a carrier are told apart by destination, for an account that delivers directly.
    let tellsDestinations: (Carrier) -> Bool
    var entries: [Int64: Entry] = [:]
    var lines: [Line] = []
    var lineNumbers: [LineKey: Int] = [:]
    var freeLines: [Int] = []
    var destinations: [String: [Int]] = [:]
    var groups: [Group] = []
    var groupNumbers: [Carrier: Int] = [:]
    var chains: [Chain: ChainState] = [:]
    var times = Heap<Time>()
    var stateCounts = [Int](repeating: 0, count: DeliveryState.allCases.count)
    /// Deliveries that wait for a person.
    var heldForPerson = 0
    /// Reports that wait for their turn.
    var waitingReports = 0
    var now: Int64
    /// Of the transaction, for `rollBack`.
    var journal: [(number: Int64, before: Entry?, from: DeliveryState?, to: DeliveryState?)] = []
    var poppedHolds: [Int64] = []
    var emptied: [Int] = []

    init(at now: Timestamp, tellsDestinations: @escaping (Carrier) -> Bool = { _ in false }) {
        (self.now, self.tellsDestinations) = (now.microseconds, tellsDestinations)
    }
}

// What is counted.
extension QueueIndex {
    func count(_ state: DeliveryState) -> Int { stateCounts[state.rawValue] }

    /// Whether something will still happen by itself.
    var hasWork: Bool {
        [.queued, .sending, .dotPending, .uncertain].contains { count($0) > 0 } || count(.held) > heldForPerson
    }

    /// The lowest number that waits or is under way, but for `others`. Costs what waits.
    func oldest(but others: [Int64]) -> Int64? {
        let others = Set(others)
        var oldest: Int64?
        for (number, entry) in entries
        where number < oldest ?? .max && entry.state != DeliveryState.held.code && !others.contains(number) {
            oldest = number
        }
        return oldest
    }

    /// Each open delivery in a line of text, sorted: two that are equal say the same of the queue.
    var facts: [String] {
        entries.map { number, entry in
            let key = lines[Int(entry.line)].key
            return "\(number) \(entry.state) \(entry.order) \(entry.next) \(groups[key.group].carrier) "
                + "\(key.destination) \(key.chain.map { "\($0)" } ?? "")"
        }.sorted() + ["\(stateCounts) \(heldForPerson)"]
    }
}

extension QueueIndex.Entry {
    var isUnderWay: Bool {
        state == DeliveryState.sending.code || state == DeliveryState.dotPending.code
    }

    var isWaiting: Bool {
        state == DeliveryState.queued.code || state == DeliveryState.uncertain.code
    }
}

extension DeliveryState {
    var code: UInt8 { UInt8(rawValue) }

    /// It waits for its turn.
    var isWaiting: Bool { self == .queued || self == .uncertain }
}
