// The text part of a letter: readable in a terminal at three in the morning.

/// Writes a letter's content as plain text.
enum LetterText {
    static func render(_ content: LetterContent) -> String {
        var out = content.sentence + "\n"
        if let explanation = content.explanation { out += "\n" + wrapped(explanation) + "\n" }
        for section in content.sections { write(section, to: &out) }
        if !content.rest.isEmpty {
            heading("And these", &out)
            for line in content.rest { out += "  " + line + "\n" }
        }
        if !content.silences.isEmpty {
            heading("Silenced now", &out)
            for silence in content.silences { out += "  " + silence + "\n" }
        }
        return out + "\n-- \n\(content.footer)\n"
    }

    private static func write(_ section: LetterContent.Section, to out: inout String) {
        if let title = section.title {
            out += "\n" + String(repeating: "─", count: 60) + "\n"
            out += wrapped(title) + "\n"
        }
        out += "\n"
        table(section.facts.map { ($0.label, $0.value) }, &out)
        if let chart = section.chart {
            out += "\n  \(sparkline(chart.counts))\n  \(chart.from) to \(chart.to), \(chart.scale)\n"
        }
        if section.advice != nil || section.url != nil {
            heading("What to do", &out)
            if let advice = section.advice { out += wrapped(advice, indent: "  ") + "\n" }
            if let url = section.url { out += "  " + url + "\n" }
        }
        if !section.captures.isEmpty {
            heading("Fields", &out)
            table(section.captures.map { ($0.name, $0.value) }, &out)
        }
        if !section.samples.isEmpty {
            heading(section.samplesTitle, &out)
            for (index, sample) in section.samples.enumerated() {
                if index > 0 { out += "\n" }
                write(sample, to: &out)
            }
        }
        if !section.commands.isEmpty {
            heading("To silence it", &out)
            for command in section.commands { out += "  \(command.purpose)\n    \(command.line)\n" }
        }
    }

    private static func write(_ sample: LetterContent.SampleContent, to out: inout String) {
        out += "  \(sample.caption)\n"
        for line in sample.before { out += "    \(line)\n" }
        for line in sample.lines { out += "  > \(line)\n" }
        for line in sample.after { out += "    \(line)\n" }
    }

    private static func heading(_ text: String, _ out: inout String) { out += "\n\(text)\n\n" }

    private static func table(_ rows: [(String, String)], _ out: inout String) {
        let width = min(24, rows.map { $0.0.count }.max() ?? 0)
        for (label, value) in rows {
            out += "  " + label + String(repeating: " ", count: max(0, width - label.count) + 2) + value + "\n"
        }
    }

    /// Eight heights; a slot without hits is a dot.
    static func sparkline(_ counts: [Int]) -> String {
        let bars = Array("▁▂▃▄▅▆▇█")
        let maximum = max(1, counts.max() ?? 1)
        return String(
            counts.map { count in
                count == 0 ? "·" : bars[min(bars.count - 1, (count * bars.count - 1) / maximum)]
            })
    }

    /// Lines of 72 characters, broken at blanks.
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
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
