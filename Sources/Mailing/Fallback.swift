// What the administrator is to be told of otherwise, when mail does not do it.

import Platform

/// The command, and what there may be to tell. Belongs to the mailer's thread.
final class Fallback {
    let command: FallbackCommand
    /// Since when no account carries reports; monotonic.
    var since: Duration?
    /// Reports may have been refused for good of which the command was not told. A run before this one may have left some.
    var mayHaveRefused = true

    init(_ command: FallbackCommand) { self.command = command }
}
