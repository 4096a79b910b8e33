// What has happened and is not in the database yet.

/// Belongs to the mailer's thread.
struct Unwritten {
    /// Reports whose effect on the queue is not committed; they come again with the next round.
    var events: [MailerEvent] = []
    /// What threads have found out.
    var learned = LearnedFacts()
    /// Deliveries that were taken back from threads in this round. Where it is not committed, the threads do not have them
    /// any more all the same.
    var takenBack: [Int64] = []

    /// The round was committed.
    mutating func committed() { (learned, takenBack) = (LearnedFacts(), []) }

    /// The round was not committed.
    mutating func failed() {
        if !takenBack.isEmpty { events.append(.takenBack(takenBack)) }
        takenBack = []
    }
}
