// A person or team with an address, as headers have them.

import Formats

/// A display name and an address.
package struct Mailbox: Hashable, Sendable {
    /// Decoded; nil when there is none.
    package var name: String?
    package var address: EmailAddress

    package init(_ name: String?, _ address: EmailAddress) {
        self.name = name
        self.address = address
    }

    /// As a header has it: the name as atoms, a quoted string or encoded words, whichever it needs.
    package var header: String {
        let name = HeaderLine.trimmed(HeaderLine.cleaned(name ?? ""))
        return name.isEmpty ? address.headerText : Self.phrase(name) + " <" + address.headerText + ">"
    }

    /// A phrase of RFC 5322 section 3.2.5. `name` is clean and not empty.
    private static func phrase(_ name: String) -> String {
        let words = name.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
        let isASCII = name.utf8.allSatisfy { $0 < 0x80 }
        if !isASCII || name.contains("=?") || words.contains(where: { $0.count > 200 }) {
            // 60, so that a word fits a line beside the field's name.
            return EncodedWord.encode(name, firstRoom: 60, room: 60).joined(separator: " ")
        }
        let isAtoms = words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { Unicode.Scalar($0).isAtomText }
        }
        if isAtoms { return name }
        var quoted = "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
