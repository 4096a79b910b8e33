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
        list("Noticed besides", content.notes)
        list("Silenced now", content.silences)
        foot()
        out.markup("</table>\n\(Style.outlookClose)\n</td></tr></table></body></html>\n")
    }

    private var isGood: Bool { if case .recovered = content.tone { true } else { false } }

    /// What a list of letters shows beside the subject: the line itself, which the subject does not have.
    private var preview: String {
        let lead = content.sections.first?.lead?.parts.first(where: \.isHit)?.lines.first
        // What is over is known by its end.
        let line = (isGood ? content.explanation ?? lead : lead ?? content.explanation) ?? ""
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

    mutating func label(_ text: String, subtitle: String?, _ accent: Style.Accent) {
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
}
