// The lines that `herald scan` prints, gathered so that a million of them are not a million writes.

import Formats
import Rules

struct ScanOutput {
    private let json: Bool
    private var text = ""

    init(json: Bool) { self.json = json }

    mutating func put(_ line: String) {
        text += line
        text += "\n"
        if text.utf8.count > 64 << 10 { flush() }
    }

    mutating func put(_ hit: Hit, file: String, line: Int) {
        guard json else {
            let place = "\(Printable.text(file)):\(line)"
            return put(
                "\(place): \(hit.rule.severity.name) \(hit.rule.id): \(hit.title)\n    \(Printable.text(hit.record.message, limit: 300))"
            )
        }
        let captures = hit.captures.map { JSON.Member($0.name, .string(String(decoding: $0.value, as: UTF8.self))) }
        let object: JSON = [
            "file": .string(file), "line": JSON(line), "rule": .string(hit.rule.id),
            "severity": .string(hit.rule.severity.name), "title": .string(hit.title), "captures": .object(captures),
            "text": .string(String(decoding: hit.record.raw, as: UTF8.self)),
        ]
        put(object.text)
    }

    mutating func flush() {
        if !text.isEmpty { Terminal.say(String(text.dropLast())) }
        text = ""
    }
}
