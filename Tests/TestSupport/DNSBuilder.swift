// DNS messages as servers write them, and as nobody should; octets alone, without any code of the product's.

/// Builds an answer, record by record.
package struct DNSBuilder: Sendable {
    package var id: UInt16 = 0x1234
    /// QR, RD, RA; rcode in the last four bits, AD is 0x20, TC 0x200.
    package var flags: UInt16 = 0x8180
    package var questions: [[UInt8]] = []
    package var answers: [[UInt8]] = []
    package var authorities: [[UInt8]] = []
    package var additionals: [[UInt8]] = []

    /// An answer to the question for `name` and `type`.
    package init(_ name: String, _ type: UInt16) {
        questions = [Self.name(name) + Self.two(type) + [0, 1]]
    }

    package var bytes: [UInt8] {
        let sections = [questions, answers, authorities, additionals]
        let head = Self.two(id) + Self.two(flags) + sections.flatMap { Self.two(UInt16(truncatingIfNeeded: $0.count)) }
        return head + sections.joined().joined()
    }

    package mutating func add(_ owner: String, _ type: UInt16, _ data: [UInt8], kind: UInt16 = 1) {
        answers.append(Self.record(owner, type, data, kind: kind))
    }

    package mutating func addMX(_ owner: String, _ preference: UInt16, _ exchange: String) {
        add(owner, 15, Self.two(preference) + Self.name(exchange))
    }

    package static func record(_ owner: String, _ type: UInt16, _ data: [UInt8], kind: UInt16 = 1) -> [UInt8] {
        name(owner) + two(type) + two(kind) + [0, 0, 0, 60] + two(UInt16(truncatingIfNeeded: data.count)) + data
    }

    /// `mx.example.org`, uncompressed; "." is the root.
    package static func name(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        for label in text.utf8.split(separator: UInt8(ascii: ".")) {
            out.append(UInt8(truncatingIfNeeded: label.count))
            out += label
        }
        return out + [0]
    }

    package static func two(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }
}
