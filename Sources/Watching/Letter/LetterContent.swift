// What a letter says, before it is text or HTML: both are written from this, so that they say the same.
// Everything in it is safe to show on one line (samples: on their lines); nothing in it is escaped for HTML yet.

import Formats
import Incidents
import Rules

/// What a letter says.
struct LetterContent {
    /// What happened, in one sentence.
    var sentence: String
    /// One or two sentences more, where the kind of report needs them.
    var explanation: String?
    /// `new`, `goes on`, …: what sort of report this is, in a word or two.
    var label: String
    var tone: LetterTone
    var sections: [Section]
    /// Of a digest: the incidents that have no section of their own, a line each.
    var rest: [String]
    /// Of a digest: the silences in force.
    var silences: [String]
    var footer: String
    /// Whether samples were left out or cut.
    var isCut = false

    /// One incident.
    struct Section {
        /// Nil where the sentence of the letter says it already.
        var title: String?
        var tone: LetterTone
        var facts: [Fact]
        var chart: Chart?
        var advice: String?
        var url: String?
        var captures: [CapturedValue]
        var samples: [SampleContent]
        var samplesTitle: String
        var commands: [Command]
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

    struct SampleContent {
        /// When, and who wrote it.
        var caption: String
        var before: [String]
        var lines: [String]
        var after: [String]
    }
}

/// The colour of a letter: by severity, or that of a good end.
enum LetterTone {
    case severity(Severity)
    case recovered
    case quiet
}

/// How much of the samples a letter shows; made smaller until it fits.
struct LetterBudget {
    var samples: Int
    /// Incidents of a digest; the rest is counted.
    var sections: Int
    /// Characters of a matched record.
    var line: Int
    /// Characters of an advice in a digest.
    static let digestAdvice = 300
    /// Incidents of a digest that are named at all.
    static let restLines = 200

    /// Characters of a line of context.
    var context: Int

    static let full = LetterBudget(samples: 10, sections: 30, line: 2000, context: 300)

    /// The next smaller one.
    var smaller: LetterBudget {
        LetterBudget(
            samples: max(1, samples * 2 / 3), sections: max(4, sections * 2 / 3), line: max(200, line / 2),
            context: max(80, context * 2 / 3))
    }
}
