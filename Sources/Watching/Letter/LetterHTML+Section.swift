// One incident of a letter as HTML: what a person is to do and to see, in the order in which it is needed.

extension LetterHTML {
    mutating func write(_ section: LetterContent.Section) {
        let accent = Style.accent(section.tone)
        if let title = section.title {
            row(padding: "26px 28px 0")
            out.markup("<div class=\"r\" style=\"border-top:1px solid \(Style.rule);padding-top:22px\">")
            if case .severity(let severity) = section.tone { label(severity.name, subtitle: nil, accent) }
            out.element(
                "<h2 class=\"i\" style=\"margin:4px 0 0;font-size:17px;line-height:1.4;font-weight:700;"
                    + "color:\(Style.ink);overflow-wrap:anywhere\">", title, "</h2>")
            out.markup("</div>")
            endRow()
        }
        if let chart = section.chart { write(chart, accent) }
        advice(section, accent)
        if let lead = section.lead { samples(section.leadTitle, [lead], accent) }
        table(section.facts.map { ($0.label, $0.value) }, heading: nil, mono: false)
        if let catalog = section.catalog {
            row(padding: "24px 28px 0")
            heading("What the system's catalog says")
            paragraph(catalog, margin: "6px 0 0", color: Style.ink, cssClass: "i")
            endRow()
        }
        if !section.captures.isEmpty {
            table(section.captures.map { ($0.name, $0.value) }, heading: section.capturesTitle, mono: true)
        }
        commands(section)
        samples(section.samplesTitle, section.samples, accent)
    }

    private mutating func write(_ chart: LetterContent.Chart, _ accent: Style.Accent) {
        let height = 44
        row(padding: "22px 28px 0")
        let width = max(20, min(100, chart.counts.count * 100 / 32))
        out.markup(
            "<table role=\"presentation\" width=\"\(width)%\" cellpadding=\"0\" cellspacing=\"0\" "
                + "style=\"table-layout:fixed\"><tr>")
        for count in chart.counts {
            let bar = count == 0 ? 2 : max(5, Int(Double(height) * Double(count) / Double(max(1, chart.maximum))))
            let (color, cssClass) = count == 0 ? (Style.rule, "z") : (accent.light, "f-\(accent.name)")
            out.markup(
                "<td valign=\"bottom\" height=\"\(height)\" style=\"height:\(height)px;padding:0 1px\">"
                    + "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>"
                    + "<td class=\"\(cssClass)\" height=\"\(bar)\" bgcolor=\"\(color)\" style=\"height:\(bar)px;"
                    + "line-height:0;font-size:0;background:\(color);border-radius:2px\"></td></tr></table></td>")
        }
        out.markup("</tr></table>\n")
        out.element(
            "<div class=\"s\" style=\"margin-top:6px;font-size:12px;line-height:1.5;color:\(Style.soft)\">",
            "\(chart.from) to \(chart.to), \(chart.scale)", "</div>")
        endRow()
    }

    private mutating func advice(_ section: LetterContent.Section, _ accent: Style.Accent) {
        guard section.advice != nil || section.url != nil else { return }
        row(padding: "20px 28px 0")
        openBox(
            "n-\(accent.name) b-\(accent.name)", accent.tint,
            "border-left:3px solid \(accent.light);border-radius:0 8px 8px 0;padding:14px 18px")
        out.markup(
            "<div class=\"t-\(accent.name)\" style=\"font-size:13px;line-height:1.4;font-weight:700;"
                + "color:\(accent.light)\">What to do</div>")
        if let advice = section.advice { prose(advice) }
        if let url = section.url { link(url, accent) }
        closeBox()
        endRow()
    }

    /// The advice, with `commands` between back-quotes set as code.
    private mutating func prose(_ text: String) {
        out.markup(
            "<p class=\"i\" style=\"margin:5px 0 0;font-size:15px;line-height:1.6;color:\(Style.ink);"
                + "white-space:pre-line;overflow-wrap:anywhere\">")
        let pieces = text.split(separator: "`", omittingEmptySubsequences: false)
        for (index, piece) in pieces.enumerated() {
            let isCode = index % 2 == 1 && index < pieces.count - 1
            if isCode {
                out.element(
                    "<code class=\"m\" style=\"font-family:\(Style.mono);font-size:13px;background:\(Style.rule);"
                        + "padding:1px 5px;border-radius:4px\">", String(piece), "</code>")
            } else {
                // The quote that opens nothing is text.
                out.text((index % 2 == 1 ? "`" : "") + piece)
            }
        }
        out.markup("</p>\n")
    }

    /// A link only where it leads to the web.
    private mutating func link(_ url: String, _ accent: Style.Accent) {
        let style = "font-size:14px;line-height:1.55;overflow-wrap:anywhere;color:\(accent.light)"
        out.markup("<div style=\"margin-top:6px\">")
        if url.hasPrefix("https://") || url.hasPrefix("http://") {
            out.element("<a class=\"t-\(accent.name)\" style=\"\(style)\" href=\"", url, "\">")
            out.element("", url, "</a>")
        } else {
            out.element("<span class=\"t-\(accent.name)\" style=\"\(style)\">", url, "</span>")
        }
        out.markup("</div>")
    }
}
