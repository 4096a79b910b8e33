// What the mailer does now and then, whatever else happens.

/// When each is due next, monotonic: zero is at once.
struct Agenda: Equatable, Sendable {
    /// The folders are looked at, should inotify have missed something.
    var rescan = Duration.zero
    /// What crashed daemons left half written goes; sign-ins are looked at.
    var sweep = Duration.zero
    /// What is long done is stripped of its content.
    var forget = Duration.zero
    /// Reports that have waited for long are looked for.
    var warning = Duration.zero
    /// The name server is looked at, for the sake of DANE.
    var survey = Duration.zero
    /// Accounts whose sign-in has not been used for long, as the sweep found them: they are to log in once.
    var rested: [String] = []
}
