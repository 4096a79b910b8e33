// What the daemons say of a reload: one wording for all of them.

/// The words for what became of a reload.
package enum ReloadWords {
    package static let done = "the settings were read again"
    package static let needsRestart = "the changed 'paths' take effect at a restart"

    package static func kept(because reason: String) -> String { "the earlier settings stay in force: \(reason)" }
}
