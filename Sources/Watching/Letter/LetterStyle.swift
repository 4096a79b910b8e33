// How a letter looks: calm, one accent colour by severity. Everything is inline for mail programs that drop style
// sheets; the sheet turns it dark where the reader's device is.

/// The colours and the style sheet of the HTML part.
enum LetterStyle {
    /// An accent on a light and on a dark ground, and the tint of a box in it.
    struct Accent {
        var name: String
        var light: String
        var dark: String
        var tint: String
        var darkTint: String
    }

    static func accent(_ tone: LetterTone) -> Accent {
        switch tone {
        case .severity(.emergency), .severity(.alert):
            Accent(name: "alert", light: "#b4123a", dark: "#ff6b8b", tint: "#fdf1f4", darkTint: "#33191f")
        case .severity(.critical):
            Accent(name: "critical", light: "#c2321f", dark: "#ff7d66", tint: "#fdf3f0", darkTint: "#321d18")
        case .severity(.error):
            Accent(name: "error", light: "#b35309", dark: "#f5a455", tint: "#fdf5eb", darkTint: "#302315")
        case .severity(.warning):
            Accent(name: "warning", light: "#8a6a00", dark: "#e3be4f", tint: "#fbf7e8", darkTint: "#2b2614")
        case .recovered:
            Accent(name: "recovered", light: "#1d7a4c", dark: "#5fcf97", tint: "#eff8f3", darkTint: "#16291f")
        case .quiet: Accent(name: "quiet", light: "#4a647f", dark: "#9db8d4", tint: "#f1f5f9", darkTint: "#1c2530")
        }
    }

    static let sans = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
    static let mono = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
    static let ink = "#1b1f24"
    static let soft = "#626b76"
    static let rule = "#e4e7eb"
    static let ground = "#f1f3f5"
    static let card = "#ffffff"
    static let code = "#f6f7f9"
    /// Of the lines beside a matched one.
    static let context = "#4a525c"

    /// The same on a dark ground.
    enum Dark {
        static let ink = "#e7eaee"
        static let soft = "#98a2ae"
        static let rule = "#2c3138"
        static let ground = "#121417"
        static let card = "#1b1e23"
        static let code = "#14171b"
        static let context = "#cdd3da"
        /// Behind a command in the advice, and of a chart's empty slot.
        static let mark = "#31363d"
    }

    /// Word knows no max-width: for it alone a table of that width stands around the card.
    static let outlookOpen =
        "<!--[if mso]><table role=\"presentation\" width=\"640\" align=\"center\"><tr><td><![endif]-->"
    static let outlookClose = "<!--[if mso]></td></tr></table><![endif]-->"

    /// For `accents` alone: those that stand in the letter.
    static func sheet(_ accents: [Accent]) -> String {
        var dark = """
            .g{background:\(Dark.ground) !important}
            .c{background:\(Dark.card) !important;border-color:\(Dark.rule) !important}
            .i{color:\(Dark.ink) !important}
            .s{color:\(Dark.soft) !important}
            .r{border-color:\(Dark.rule) !important}
            .k{background:\(Dark.code) !important;border-color:\(Dark.rule) !important;color:\(Dark.context) !important}
            .z,.m{background:\(Dark.mark) !important}

            """
        for accent in accents {
            dark += """
                .t-\(accent.name){color:\(accent.dark) !important}
                .f-\(accent.name){background:\(accent.dark) !important}
                .b-\(accent.name){border-color:\(accent.dark) !important}
                .n-\(accent.name){background:\(accent.darkTint) !important}

                """
        }
        return """
            :root{color-scheme:light dark;supported-color-schemes:light dark}
            body{margin:0;padding:0;-webkit-text-size-adjust:100%}
            @media (max-width:520px){.p{padding-left:18px !important;padding-right:18px !important}\
            .o{padding:0 !important}.c{border-radius:0 !important}.h{font-size:20px !important}}
            @media (prefers-color-scheme:dark){
            \(dark)}
            """
    }
}
