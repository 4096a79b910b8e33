// The text part of a letter: readable in a terminal at three in the morning, whatever the terminal's characters are: what
// is ours is plain ASCII, prose in lines of 72 columns. Log lines are as long as they are, so that they can be copied.

/// Writes a letter's content as plain text.
enum LetterText {
    static func render(_ content: LetterContent) -> String {
        var out = wrapped(content.sentence) + "\n" + wrapped(content.when) + "\n"
        if let explanation = content.explanation { out += "\n" + wrapped(explanation) + "\n" }
        if !content.overview.isEmpty {
            out += "\n"
            for (index, line) in content.overview.enumerated() {
                let words = "\(index + 1). \(line.title) (\(line.severity.name), \(line.hits))"
                out += wrapped(words, indent: "  ") + "\n"
            }
        }
        for section in content.sections { write(section, to: &out) }
        list("And these", content.rest, &out)
        list("Noticed besides", content.notes, &out)
        list("Silenced now", content.silences, &out)
        if let name = content.attachment { out += "\n" + wrapped(LetterContent.attachmentNote(name)) + "\n" }
        return out + "\n-- \n" + wrapped(content.footer.joined(separator: ", ")) + "\n"
    }

    private static func write(_ section: LetterContent.Section, to out: inout String) {
        if let title = section.title {
            out += "\n" + String(repeating: "-", count: 72) + "\n" + wrapped(title) + "\n"
        }
        if let chart = section.chart { out += "\n" + bars(chart) }
        if section.advice != nil || section.url != nil {
            heading("What to do", &out)
            if let advice = section.advice { out += wrapped(advice, indent: "  ") + "\n" }
            if let url = section.url { out += "  " + url + "\n" }
        }
        if let lead = section.lead {
            heading(section.leadTitle, &out)
            write(lead, to: &out)
        }
        out += "\n"
        table(section.facts.map { ($0.label, $0.value) }, &out)
        if let catalog = section.catalog {
            heading("What the system's catalog says", &out)
            out += wrapped(catalog, indent: "  ") + "\n"
        }
        if !section.captures.isEmpty {
            heading(section.capturesTitle, &out)
            table(section.captures.map { ($0.name, $0.value) }, &out)
        }
        if !section.commands.isEmpty {
            heading(section.commandsTitle, &out)
            for command in section.commands { out += "  \(command.purpose)\n    \(command.line)\n" }
        }
        if !section.samples.isEmpty {
            heading(section.samplesTitle, &out)
            for (index, sample) in section.samples.enumerated() {
                if index > 0 { out += "\n" }
                write(sample, to: &out)
            }
        }
    }

    private static func write(_ sample: LetterContent.SampleContent, to out: inout String) {
        out += "  \(sample.caption.joined(separator: ", "))\n"
        for part in sample.parts {
            for line in part.lines { out += (part.isHit ? "  > " : "    ") + line + "\n" }
        }
    }

    private static func heading(_ text: String, _ out: inout String) { out += "\n\(text)\n\n" }

    private static func list(_ title: String, _ lines: [String], _ out: inout String) {
        guard !lines.isEmpty else { return }
        heading(title, &out)
        for line in lines { out += wrapped(line, indent: "  ") + "\n" }
    }

    private static func table(_ rows: [(String, String)], _ out: inout String) {
        let width = min(24, rows.map { $0.0.count }.max() ?? 0)
        for (label, value) in rows {
            out += "  " + label + String(repeating: " ", count: max(0, width - label.count) + 2) + value + "\n"
        }
    }

    /// The chart of the hits: at most four rows of `#` under the highest count, and a line that says when.
    static func bars(_ chart: LetterContent.Chart) -> String {
        let maximum = max(1, chart.maximum)
        let rows = min(4, maximum)
        let label = String(maximum)
        var out = ""
        for row in (1...rows).reversed() {
            // Rounded up, so that the smallest count has a mark.
            let line = chart.counts.map { ($0 * rows + maximum - 1) / maximum >= row ? "#" : " " }.joined()
            let margin = row == rows ? label : String(repeating: " ", count: label.count)
            out += "  \(margin) |" + line.trimmingEnd + "\n"
        }
        out += "  \(String(repeating: " ", count: label.count)) +" + String(repeating: "-", count: chart.counts.count)
        return out + "\n  \(chart.from) to \(chart.to), \(chart.scale)\n"
    }

    /// Lines of 72 columns, broken at blanks; what a blank indents stays so.
    static func wrapped(_ text: String, indent: String = "") -> String {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = indent
            for word in paragraph.split(separator: " ") {
                if line.count + word.count + 1 > 72, line.count > indent.count {
                    lines.append(line)
                    line = indent
                }
                line += (line.count > indent.count ? " " : "") + word
            }
            lines.append(line.trimmingEnd)
        }
        return lines.joined(separator: "\n")
    }
}

extension LetterContent {
    static func attachmentNote(_ name: String) -> String {
        "This letter does not hold all that is known: the attached \(name) has every sample whole, with the lines around it."
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
