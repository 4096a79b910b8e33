// JSON Resume (jsonresume.org) and FRESH: the person's data by name, the rest as readable lines.

import Formats

enum ResumeJSON {
    static func extract(_ bytes: [UInt8]) throws(ExtractionFault) -> ExtractedText {
        let value: JSON
        do throws(JSONError) {
            value = try JSON.parse(CharsetGuess.decode(bytes).utf8)
        } catch {
            throw ExtractionFault(.document, "no valid JSON: \(error)")
        }
        var lines: [String] = []
        flatten(value, name: nil, depth: 0, into: &lines)
        var result = ExtractedText(kind: .json, text: lines.joined(separator: "\n"))
        if let basics = value["basics"], basics.members != nil {
            result.format = "JSON Resume"
            result.email = basics["email"]?.string
            result.personName = basics["name"]?.string
        } else if value["contact"]?.members != nil
            || value["meta"]?["format"]?.string?.uppercased().hasPrefix("FRESH") == true
        {
            result.format = "FRESH"
            result.email = value["contact"]?["email"]?.string
            result.personName = value["name"]?.string
        }
        return result
    }

    /// Every text with its name, a line each. The parser bounds the depth.
    private static func flatten(_ value: JSON, name: String?, depth: Int, into lines: inout [String]) {
        switch value {
        case .string(let text): lines.append(name.map { "\($0): \(text)" } ?? text)
        case .int(let number): lines.append(name.map { "\($0): \(number)" } ?? "\(number)")
        case .array(let items):
            if let name { lines.append(name) }
            for item in items { flatten(item, name: nil, depth: depth + 1, into: &lines) }
        case .object(let members):
            if let name { lines.append(name) }
            for member in members { flatten(member.value, name: member.name, depth: depth + 1, into: &lines) }
        case .null, .bool, .double: break
        }
    }
}
