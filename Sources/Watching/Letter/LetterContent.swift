// What a letter says, before it is text or HTML: both are written from this, so that they say the same.
// Everything in it is safe to show on one line (samples: on their lines); nothing in it is escaped for HTML yet.

import Formats
import Incidents
import Rules

/// What a letter says.
struct LetterContent {
    /// What happened, in one sentence.
    var sentence: String
    /// When, and where it was read.
    var when: String
    /// One or two sentences more, where the kind of report needs them.
    var explanation: String?
    /// `new`, `goes on`, …: what sort of report this is, in a word or two.
    var label: String
    var tone: LetterTone
    /// Of a digest: its rules, a line each, before anything is told at length.
    var overview: [OverviewLine]
    var sections: [Section]
    /// Of a digest: the incidents that have no section of their own, a line for each rule.
    var rest: [String]
    /// Of a digest: what was recorded and is in no letter.
    var notes: [String] = []
    /// Of a digest: the silences in force.
    var silences: [String]
    var footer: [String]
    /// The name of the attached log, where the letter does not hold all.
    var attachment: String?

    /// A rule in a digest's first lines.
    struct OverviewLine {
        var severity: Severity
        var title: String
        var hits: String
    }

    /// One incident.
    struct Section {
        /// Nil where the sentence of the letter says it already.
        var title: String?
        var tone: LetterTone
        var facts: [Fact]
        var chart: Chart?
        var advice: String?
        var url: String?
        /// What the system's own catalog says of the entry.
        var catalog: String?
        var captures: [CapturedValue]
        var capturesTitle = "Fields"
        /// The first sample, which stands before the facts; the others come last.
        var lead: SampleContent?
        var leadTitle: String
        var samples: [SampleContent]
        var samplesTitle: String
        var commands: [Command]
        var commandsTitle = ""
    }

    /// A line of the table of facts.
    struct Fact {
        var label: String
        var value: String
    }

    /// A command to paste, and what it does.
    struct Command {
        var purpose: String
        var line: String
    }

    /// The timeline: how many hits in each slot, and what the ends are called.
    struct Chart {
        var counts: [Int]
        var from: String
        var to: String
        /// `each bar 4 s`.
        var scale: String
        var maximum: Int { counts.max() ?? 0 }
    }

    /// A stretch of the log with one hit or several.
    struct SampleContent {
        /// When, and who wrote it.
        var caption: [String]
        var parts: [Part]
        var hits: Int { parts.count(where: \.isHit) }

        /// The lines of a hit, or those between two.
        struct Part {
            var isHit: Bool
            var lines: [String]
        }
    }
}

/// The colour of a letter: by severity, or that of a good end.
enum LetterTone {
    case severity(Severity)
    case recovered
    case quiet
}

/// How much a letter shows; made smaller until it fits.
struct LetterBudget {
    var samples = 10
    /// Rules in the first lines of a digest.
    var rows = 60
    /// Incidents of a digest; the rest is counted.
    var sections = 30
    /// Rules of that rest that are named at all, and incidents of one of them.
    var named = 200
    var names = 20
    /// Characters of a matched line.
    var line = 2000
    /// Characters, and lines, of a matched record of several lines.
    var trace = 8000
    var traceLines = 80
    /// Characters of a line of context.
    var context = 300
    /// Such lines on each side.
    var contextLines = 20
    /// Characters of a captured field or a fact, and how many fields.
    var field = 300
    var fields = 20
    /// Characters of the advice, of what the catalog says, and of a title.
    var advice = 2000
    var title = 300
    var isReduced = false

    /// Characters of an advice in a digest.
    static let digestAdvice = 300

    static let full = LetterBudget()

    /// The next smaller one. The last ones hold any report: see the test of the largest letter.
    var smaller: LetterBudget {
        func less(_ value: Int, _ least: Int) -> Int { max(least, value / 2) }
        return LetterBudget(
            samples: less(samples, 1), rows: sections > 2 ? rows : less(rows, 5), sections: less(sections, 2),
            named: sections > 2 ? named : less(named, 20),
            names: less(names, 3),
            line: less(line, 200),
            trace: less(trace, 400), traceLines: less(traceLines, 12), context: less(context, 60),
            contextLines: less(contextLines, 2), field: less(field, 60), fields: less(fields, 6),
            advice: less(advice, 200), title: less(title, 120), isReduced: true)
    }
}
