// What Herald reports of itself stands under ids as rules have, so that it is switched off, silenced and sorted as they are.

extension Rule {
    /// The ids under which Herald reports what it notices of itself and of its sources: no file of rules holds them.
    package static let own: Set<String> = [
        "herald-file-gap", "herald-file-skipped", "herald-file-suppressed", "herald-file-unreadable",
        "herald-journal-gap",
        "herald-journal-skipped", "herald-journal-suppressed", "herald-journal-unreadable", "herald-pattern-limit",
        "herald-expect-limit",
        "herald-state-set-aside", "herald-state-unreadable",
    ]
}
