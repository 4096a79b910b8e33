// A message or a part of one: its fields, its kind, its octets. Octets stay where they are in the message that was read
// and are decoded when asked for.

import Formats

/// A message or a part of one.
package struct MessagePart: Sendable {
    package internal(set) var headers = HeaderFields()
    /// `text/plain` where the part does not say; `type/subtype` always.
    package internal(set) var type = StructuredValue(value: "text/plain")
    /// `inline`, `attachment`, or empty.
    package internal(set) var disposition = StructuredValue()
    /// Of a multipart; or the one message in a `message/rfc822`.
    package internal(set) var children: [MessagePart] = []
    /// Whether there is more in it than the limits let be read.
    package internal(set) var isTruncated = false

    /// The octets that this part was read from.
    var storage: [UInt8] = []
    /// The body's place among them, as it was sent.
    var body: Range<Int> = 0..<0
    /// Of a multipart whose boundary was found.
    var boundary: [UInt8]?

    init() {}

    /// The file name of the disposition or the type, decoded; foreign. Nil when there is none.
    package var fileName: String? {
        [disposition["filename"], type["name"]].compactMap { $0 }.first { !$0.isEmpty }
    }

    package var isMultipart: Bool { boundary != nil }

    /// Content-Transfer-Encoding in lower case, `7bit` where the part does not say.
    package var encoding: String {
        headers.structured("Content-Transfer-Encoding").first.map(\.value) ?? "7bit"
    }

    /// The body as it was sent.
    package var rawBytes: [UInt8] { [UInt8](storage[body]) }

    /// The body with its transfer encoding undone.
    package var bytes: [UInt8] {
        switch encoding {
        case "base64": Base64.decode(rawBytes, ignoringForeign: true) ?? []
        case "quoted-printable", "quotedprintable", "quoted printable": QuotedPrintable.decode(rawBytes)
        case "x-uuencode", "uuencode", "x-uue", "uue": UUEncoding.decode(rawBytes)
        default: rawBytes
        }
    }

    /// The body as text with LF for line ends; HTML as it is.
    package var text: String {
        let bytes = bytes
        var label = type["charset"] ?? ""
        if label.isEmpty, type.value == "text/html" { label = HTMLText.charset(bytes) ?? "" }
        return Self.withLF(Charset.decode(bytes, label: label))
    }

    private static func withLF(_ text: String) -> String {
        guard text.utf8.contains(0x0d) else { return text }
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        var afterReturn = false
        for byte in Array(text.utf8) {
            if !(byte == 0x0a && afterReturn) { out.append(byte == 0x0d ? 0x0a : byte) }
            afterReturn = byte == 0x0d
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// uuencode as a transfer encoding, as mailers before MIME had it.
private enum UUEncoding {
    static func decode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var begun = false
        for line in bytes.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            if !begun {
                begun = line.starts(with: "begin ".utf8)
                continue
            }
            if line.elementsEqual("end".utf8) { break }
            let values = line.map { ($0 &- 0x20) & 0x3f }
            guard let count = values.first, count > 0 else { continue }
            var octets: [UInt8] = []
            for at in stride(from: 1, to: values.count, by: 4) {
                let v = (0..<4).map { at + $0 < values.count ? values[at + $0] : 0 }
                octets += [v[0] << 2 | v[1] >> 4, v[1] << 4 | v[2] >> 2, v[2] << 6 | v[3]]
            }
            out += octets.prefix(Int(count))
        }
        return out
    }
}
