// What the parts of a letter's HTML are put together of: rows of the card, boxes, tables, lists.

extension LetterHTML {
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

    mutating func paragraph(_ text: String, margin: String, color: String, cssClass: String) {
        out.element(
            "<p class=\"\(cssClass)\" style=\"margin:\(margin);font-size:15px;line-height:1.55;color:\(color);"
                + "white-space:pre-line;overflow-wrap:anywhere\">", text, "</p>\n")
    }

    mutating func table(_ rows: [(String, String)], heading: String?, mono: Bool) {
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

    mutating func list(_ title: String, _ lines: [String]) {
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
}
