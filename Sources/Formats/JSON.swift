// JSON (RFC 8259): the forms that programs read. Control messages, `--json`, sidecars, resumes and JSON log lines.

/// A JSON value. Members of an object keep their order; a repeated name keeps the last value, as most readers do.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSON
        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// The value of a member of an object; nil in everything else.
    package subscript(name: String) -> JSON? { members?.value(of: name) }

    /// Whether this is that text, octet for octet.
    package func isText(_ text: String) -> Bool { string?.isExactly(text) ?? false }

    package var string: String? { if case .string(let s) = self { s } else { nil } }
    package var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
    package var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
    package var members: [Member]? { if case .object(let m) = self { m } else { nil } }
    package var int: Int64? {
        switch self {
        case .int(let i): i
        case .double(let d): Int64(exactly: d)
        default: nil
        }
    }
    package var isNull: Bool { if case .null = self { true } else { false } }
}

extension [JSON.Member] {
    /// The last value under that name, compared by octets: whoever wrote the object chose its names.
    package func value(of name: String) -> JSON? { last { $0.name.isExactly(name) }?.value }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements.map { Member($0, $1) }) }
    package init(nilLiteral: ()) { self = .null }
    package init(_ value: String?) { self = value.map { .string($0) } ?? .null }
    package init(_ value: Int?) { self = value.map { .int(Int64($0)) } ?? .null }
}

extension JSON {
    /// On one line, ASCII-safe for terminals: control, bidirectional and line-separator characters are escaped.
    package var text: String {
        // Bytes: appended to a string, every incident of a storm would take several times as long to store.
        var out: [UInt8] = []
        write(to: &out)
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let b): out += (b ? "true" : "false").utf8
        case .int(let i): out += String(i).utf8
        case .double(let d): out += (d.isFinite ? String(d) : "null").utf8
        case .string(let s): JSON.quote(s, to: &out)
        case .array(let values):
            out.append(UInt8(ascii: "["))
            for (i, value) in values.enumerated() {
                if i > 0 { out.append(UInt8(ascii: ",")) }
                value.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (i, member) in members.enumerated() {
                if i > 0 { out.append(UInt8(ascii: ",")) }
                JSON.quote(member.name, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func quote(_ s: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        defer { out.append(UInt8(ascii: "\"")) }
        // Nearly every text: printable ASCII without a quote or a backslash.
        var s = s
        let isPlain = s.withUTF8 { bytes in
            for byte in bytes where byte &- 0x20 >= 0x5f || byte == 0x22 || byte == 0x5c { return false }
            out.append(contentsOf: bytes)
            return true
        }
        if isPlain { return }
        for scalar in s.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\"".utf8
            case "\\": out += "\\\\".utf8
            case "\n": out += "\\n".utf8
            case "\r": out += "\\r".utf8
            case "\t": out += "\\t".utf8
            default:
                if scalar.isUnsafeToShow {
                    for unit in String(scalar).utf16 { out += ("\\u" + hex4(unit)).utf8 }
                } else if scalar.isASCII {
                    out.append(UInt8(truncatingIfNeeded: scalar.value))
                } else {
                    out += String(scalar).utf8
                }
            }
        }
    }

    private static func hex4(_ unit: UInt16) -> String {
        Hex.encode([UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit)])
    }
}

/// What is wrong with a JSON text, and at which byte.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package var message: String
    package var offset: Int
    package var description: String { "byte \(offset): \(message)" }
}
