// What keeps the mailer from its work, or would surprise its administrator: for the status, and so that each is told once.

/// Words for a person; nil where all is well.
struct MailerTroubles: Equatable, Sendable {
    /// A database that was damaged, and where it lies.
    var setAside: String?
    /// Why the settings in force are older than the files.
    var reload: String?
    /// Why the database cannot be written.
    var database: String?
    /// A letter or a request that could not be written, though others could.
    var noRoom: String?
    /// Why DANE cannot be had here. It needs no person.
    var noDANE: String?

    /// What needs a person.
    var sentences: [String] { [setAside, reload, database, noRoom].compactMap { $0 } }
}
