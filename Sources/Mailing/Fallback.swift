// What the administrator is to be told of otherwise, when mail does not do it.

import Platform

/// The command, and what there is to tell. Belongs to the mailer's thread.
final class Fallback {
    let command: FallbackCommand
    /// Since when no account carries reports; monotonic.
    var since: Duration?
    /// Reports that were refused for good since the command was told.
    var refused: [RefusedReport] = []

    init(_ command: FallbackCommand) { self.command = command }
}
