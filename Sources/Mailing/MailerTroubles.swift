// What keeps the mailer from its work, or would surprise its administrator: for the status, and so that each is told once.

/// What was asked for and found no room.
struct RefusedRequest: Equatable, Sendable {
    var words: String
    /// Of what it brought.
    var bytes: Int

    /// Whether there is room for it now, as far as the file system tells: the text, its WAL and its journal.
    func mayFit(_ free: Int64) -> Bool { free >= 3 * Int64(bytes) + 1 << 20 }
}

/// Words for a person; nil where all is well.
struct MailerTroubles: Equatable, Sendable {
    /// A database that was damaged, and where it lies.
    var setAside: String?
    /// Why the settings in force are older than the files.
    var reload: String?
    /// Why the database cannot be written.
    var database: String?
    /// A letter that could not be written, though others could.
    var noRoom: String?
    /// A request that could not be written, though others could.
    var refusedRequest: RefusedRequest?
    /// Why DANE cannot be had here. It needs no person.
    var noDANE: String?

    /// What needs a person.
    var sentences: [String] { [setAside, reload, database, noRoom, refusedRequest?.words].compactMap { $0 } }
}
