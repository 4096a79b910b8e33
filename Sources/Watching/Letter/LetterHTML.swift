// The HTML part of a letter: one card of at most 640 pixels. First what a person needs who was woken: what happened and
// when, what to do, the line itself; then the facts, and the other samples last. Tables carry the layout and the boxes,
// because Word, which is what Outlook shows mail with, knows no padding of others; no images, no scripts, nothing is
// loaded from anywhere.

import Rules

/// Writes a letter's content as HTML.
struct LetterHTML {
    private let content: LetterContent
    var out = HTMLBuffer()

    static func render(_ content: LetterContent) -> String {
        var page = LetterHTML(content: content)
        page.document()
        return page.out.html
    }

    private init(content: LetterContent) { self.content = content }

    typealias Style = LetterStyle
    private var accent: Style.Accent { Style.accent(content.tone) }

    private mutating func document() {
        var accents = [accent]
        for section in content.sections {
            let mine = Style.accent(section.tone)
            if !accents.contains(where: { $0.name == mine.name }) { accents.append(mine) }
        }
        out.markup(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="supported-color-schemes" content="light dark">
            <title>
            """)
        out.text(content.sentence)
        out.markup(
            """
            </title>
            <style>
            \(Style.sheet(accents))
            </style></head>
            <body class="g" bgcolor="\(Style.ground)" style="margin:0;background:\(Style.ground)">

            """)
        out.element(
            "<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">", preview, "</div>\n")
        out.markup(
            """
            <table role="presentation" class="g" width="100%" cellpadding="0" cellspacing="0" \
            style="background:\(Style.ground)"><tr>
            <td class="o" align="center" style="padding:28px 12px">
            \(Style.outlookOpen)
            <table role="presentation" class="c" width="100%" cellpadding="0" cellspacing="0" \
            style="max-width:640px;background:\(Style.card);border:1px solid \(Style.rule);border-radius:12px;\
            border-collapse:separate;overflow:hidden;text-align:left;font-family:\(Style.sans)">
            <tr><td class="f-\(accent.name)" height="4" \
            style="height:4px;line-height:4px;font-size:0;background:\(accent.light)">&nbsp;</td></tr>

            """)
        head()
        overview()
        for section in content.sections { write(section) }
        list("And these", content.rest)
        list("Silenced now", content.silences)
        foot()
        out.markup("</table>\n\(Style.outlookClose)\n</td></tr></table></body></html>\n")
    }

    /// What a list of letters shows beside the subject: the line itself, which the subject does not have.
    private var preview: String {
        let line = content.sections.first?.lead?.lines.first ?? content.explanation ?? ""
        return content.overview.isEmpty
            ? LetterWording.cut(line, 140) : content.overview.prefix(4).map(\.title).joined(separator: "; ")
    }

    private mutating func head() {
        row(padding: "26px 28px 0")
        label(content.label, subtitle: subtitle, accent)
        out.element(
            "<h1 class=\"i h\" style=\"margin:10px 0 0;font-size:23px;line-height:1.32;font-weight:700;"
                + "letter-spacing:-0.01em;color:\(Style.ink);overflow-wrap:anywhere\">", content.sentence, "</h1>")
        out.element(
            "<div class=\"s\" style=\"margin-top:8px;font-size:14px;line-height:1.5;color:\(Style.soft);"
                + "overflow-wrap:anywhere\">", content.when, "</div>\n")
        if let explanation = content.explanation {
            paragraph(explanation, margin: "12px 0 0", color: Style.soft, cssClass: "s")
        }
        endRow()
    }

    /// The severity beside what sort of report it is, unless it says as much itself.
    private var subtitle: String? {
        if case .severity(let severity) = content.tone { severity.name } else { nil }
    }

    private mutating func label(_ text: String, subtitle: String?, _ accent: Style.Accent) {
        out.markup(
            "<div style=\"font-size:12px;line-height:1.4;font-weight:700;letter-spacing:.08em;text-transform:uppercase\">"
        )
        if let subtitle {
            out.element("<span class=\"t-\(accent.name)\" style=\"color:\(accent.light)\">", subtitle, "</span>")
            out.element(
                "<span class=\"s\" style=\"color:\(Style.soft);font-weight:600\"> &nbsp;·&nbsp; ", text, "</span>")
        } else {
            out.element("<span class=\"t-\(accent.name)\" style=\"color:\(accent.light)\">", text, "</span>")
        }
        out.markup("</div>\n")
    }

    /// Of a digest: all at a glance.
    private mutating func overview() {
        guard !content.overview.isEmpty else { return }
        row(padding: "18px 28px 0")
        out.markup("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\">\n")
        for line in content.overview {
            let accent = Style.accent(.severity(line.severity))
            let cell = "style=\"border-top:1px solid \(Style.rule);padding:7px 0;font-size:14px;line-height:1.45;"
            out.markup("<tr><td class=\"r\" valign=\"top\" \(cell)overflow-wrap:anywhere;word-break:break-word\">")
            out.element(
                "<span class=\"t-\(accent.name)\" style=\"color:\(accent.light);font-weight:700\">", line.severity.name,
                "</span>")
            out.element("<span class=\"i\" style=\"color:\(Style.ink)\"> &nbsp;", line.title, "</span></td>")
            out.element(
                "<td class=\"s r\" align=\"right\" valign=\"top\" width=\"76\" \(cell)width:76px;color:\(Style.soft)\">",
                line.hits, "</td></tr>\n")
        }
        out.markup("</table>\n")
        endRow()
    }

    // MARK: An incident

    private mutating func write(_ section: LetterContent.Section) {
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
            table(section.captures.map { ($0.name, $0.value) }, heading: "Fields", mono: true)
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

    private mutating func table(_ rows: [(String, String)], heading: String?, mono: Bool) {
        row(padding: "20px 28px 0")
        if let heading { self.heading(heading) }
        out.markup("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\">\n")
        for (index, (label, value)) in rows.enumerated() {
            let border = index == 0 ? "" : "border-top:1px solid \(Style.rule);"
            out.element(
                "<tr><td class=\"s r\" valign=\"top\" width=\"96\" style=\"\(border)width:96px;padding:7px 14px 7px 0;"
                    + "font-size:14px;line-height:1.45;color:\(Style.soft);overflow-wrap:anywhere\">", label, "</td>")
            let font = mono ? "font-family:\(Style.mono);font-size:13px" : "font-size:14px"
            out.element(
                "<td class=\"i r\" valign=\"top\" style=\"\(border)padding:7px 0;\(font);line-height:1.45;"
                    + "color:\(Style.ink);overflow-wrap:anywhere;word-break:break-word\">", value, "</td></tr>\n")
        }
        out.markup("</table>\n")
        endRow()
    }

    private mutating func list(_ title: String, _ lines: [String]) {
        guard !lines.isEmpty else { return }
        row(padding: "24px 28px 0")
        heading(title)
        for line in lines {
            out.element(
                "<div class=\"i\" style=\"margin-top:5px;font-size:14px;line-height:1.5;color:\(Style.ink);"
                    + "overflow-wrap:anywhere\">", line, "</div>\n")
        }
        endRow()
    }

    private mutating func foot() {
        row(padding: "24px 28px 24px")
        if let name = content.attachment {
            paragraph(LetterContent.attachmentNote(name), margin: "0 0 16px", color: Style.soft, cssClass: "s")
        }
        out.element(
            "<div class=\"s r\" style=\"border-top:1px solid \(Style.rule);padding-top:14px;font-size:12px;"
                + "line-height:1.5;color:\(Style.soft);overflow-wrap:anywhere\">",
            content.footer.joined(separator: " · "), "</div>")
        endRow()
    }

    // MARK: Pieces

    mutating func row(padding: String) {
        out.markup("<tr><td class=\"p\" style=\"padding:\(padding)\">\n")
    }

    mutating func endRow() { out.markup("</td></tr>\n") }

    /// A coloured box: the cell of a table, whose colour and padding every mail program knows.
    mutating func openBox(_ cssClass: String, _ color: String, _ style: String) {
        out.markup(
            "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                + "style=\"border-collapse:separate\"><tr><td class=\"\(cssClass)\" bgcolor=\"\(color)\" "
                + "style=\"background:\(color);\(style)\">")
    }

    mutating func closeBox() { out.markup("</td></tr></table>\n") }

    mutating func heading(_ text: String) {
        out.element(
            "<div class=\"i\" style=\"font-size:14px;line-height:1.4;font-weight:700;color:\(Style.ink)\">", text,
            "</div>\n")
    }

    private mutating func paragraph(_ text: String, margin: String, color: String, cssClass: String) {
        out.element(
            "<p class=\"\(cssClass)\" style=\"margin:\(margin);font-size:15px;line-height:1.55;color:\(color);"
                + "white-space:pre-line;overflow-wrap:anywhere\">", text, "</p>\n")
    }
}
