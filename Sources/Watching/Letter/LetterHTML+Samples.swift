// The log lines of a letter as HTML, and the commands to paste.

extension LetterHTML {
    mutating func samples(_ title: String, _ samples: [LetterContent.SampleContent], _ accent: Style.Accent) {
        guard !samples.isEmpty else { return }
        row(padding: "24px 28px 0")
        heading(title)
        for (index, sample) in samples.enumerated() { write(sample, first: index == 0, accent) }
        endRow()
    }

    private mutating func write(_ sample: LetterContent.SampleContent, first: Bool, _ accent: Style.Accent) {
        out.element(
            "<div class=\"s\" style=\"margin:\(first ? 6 : 16)px 0 6px;font-size:12px;line-height:1.4;"
                + "color:\(Style.soft);overflow-wrap:anywhere\">", sample.caption.joined(separator: " · "), "</div>\n")
        out.markup(
            "<table role=\"presentation\" class=\"k r\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                + "bgcolor=\"\(Style.code)\" style=\"background:\(Style.code);border:1px solid \(Style.rule);"
                + "border-radius:8px;border-collapse:separate;table-layout:fixed\">\n")
        for part in sample.parts {
            guard part.isHit else {
                lines(part.lines, "k", "padding:6px 14px;color:\(Style.context)")
                continue
            }
            lines(
                part.lines, "i n-\(accent.name) b-\(accent.name)",
                "padding:6px 14px 6px 11px;border-left:3px solid \(accent.light);background:\(accent.tint);"
                    + "color:\(Style.ink)")
        }
        out.markup("</table>\n")
    }

    /// Lines as they are, each wrapped with its further lines indented, so that it is seen where one ends. A trace's own
    /// indentation becomes a margin: a narrow screen has no room for it twice.
    private mutating func lines(_ lines: [String], _ cssClass: String, _ style: String) {
        guard !lines.isEmpty else { return }
        let isTrace = lines.count > 1 && lines.contains { $0.hasPrefix(" ") }
        let breaking = isTrace ? "word-break:break-all" : "overflow-wrap:anywhere;word-break:break-word"
        out.markup(
            "<tr><td class=\"\(cssClass)\" style=\"\(style);font-family:\(Style.mono);font-size:12px;line-height:1.55;"
                + "white-space:pre-wrap;\(breaking)\">")
        for line in lines {
            let blanks = line.prefix { $0 == " " }.count
            let margin = 12 + min(blanks, 8) * 4
            out.element(
                "<div style=\"padding-left:\(margin)px;text-indent:-12px\">", String(line.dropFirst(blanks)), "</div>")
        }
        out.markup("</td></tr>\n")
    }

    mutating func commands(_ section: LetterContent.Section) {
        guard !section.commands.isEmpty else { return }
        row(padding: "24px 28px 0")
        heading(section.commandsTitle)
        for command in section.commands {
            out.element(
                "<div class=\"s\" style=\"margin:6px 0 4px;font-size:13px;line-height:1.5;color:\(Style.soft)\">",
                command.purpose, "</div>\n")
            openBox(
                "k r", Style.code,
                "border:1px solid \(Style.rule);border-radius:8px;padding:8px 14px;font-family:\(Style.mono);"
                    + "font-size:12px;line-height:1.6;color:\(Style.ink);overflow-wrap:anywhere;word-break:break-word")
            out.text(command.line)
            closeBox()
        }
        endRow()
    }
}
