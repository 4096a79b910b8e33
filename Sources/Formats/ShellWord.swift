// Commands that a person pastes into a shell.

package enum ShellWord {
    /// A word that the shell takes as it is: in quotes, unless it needs none.
    package static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || "-_./:@%+,".utf8.contains(byte)
        }
        if isPlain, !text.isEmpty, !text.begins("-") { return text }
        return "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

/// How a person calls `herald` for this installation.
package struct HeraldCommand: Hashable, Sendable {
    /// The settings that the daemon was started with, as an absolute path; nil: those of the default path.
    package var config: String?

    package init(config: String? = nil) { self.config = config }

    /// `herald WORDS`, with `--config` where it is needed.
    package func line(_ words: String) -> String {
        config.map { "herald --config \(ShellWord.quoted($0)) \(words)" } ?? "herald \(words)"
    }
}
