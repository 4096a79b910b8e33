// Labels of domains in ASCII (RFC 3492), so that a header with an internationalised domain stays 7-bit. Only the encoding:
// mapping and checking names (UTS 46) is libidn2's work, where names are resolved.

enum Punycode {
    /// `bücher.example` as `xn--bcher-kva.example`; nil for what mapping might change first.
    static func domain(_ domain: String) -> String? {
        var labels: [String] = []
        for label in domain.split(separator: ".", omittingEmptySubsequences: false) {
            let scalars = Array(label.unicodeScalars)
            if scalars.allSatisfy(\.isASCII) {
                labels.append(String(label))
                continue
            }
            // Combining and compatibility characters may be composed with others by mapping.
            let isSettled = scalars.allSatisfy { scalar in
                let properties = scalar.properties
                return properties.canonicalCombiningClass == .notReordered && !properties.changesWhenNFKCCaseFolded
                    && properties.generalCategory != .format
            }
            guard isSettled, let encoded = encode(scalars.map(\.value)), encoded.utf8.count <= 59 else { return nil }
            labels.append("xn--" + encoded)
        }
        return labels.joined(separator: ".")
    }

    /// RFC 3492 section 6.3. Nil for more than 63 characters.
    static func encode(_ input: [UInt32]) -> String? {
        guard input.count <= 63 else { return nil }
        var out = input.filter { $0 < 0x80 }.map { UInt8(truncatingIfNeeded: $0) }
        let basic = out.count
        if basic > 0 { out.append(0x2d) }
        var (n, delta, bias, handled) = (128, 0, 72, basic)
        while handled < input.count {
            guard let next = input.filter({ $0 >= n }).min() else { return nil }
            delta += (Int(next) - n) * (handled + 1)
            n = Int(next)
            for value in input {
                if value < n { delta += 1 }
                guard value == n else { continue }
                append(delta, bias, to: &out)
                bias = adapted(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// A generalised integer of variable length.
    private static func append(_ delta: Int, _ bias: Int, to out: inout [UInt8]) {
        var q = delta
        var k = 36
        while true {
            let t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias
            if q < t { break }
            out.append(digit(t + (q - t) % (36 - t)))
            q = (q - t) / (36 - t)
            k += 36
        }
        out.append(digit(q))
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value < 26 ? value + 97 : value + 22) }

    private static func adapted(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var k = 0
        while delta > 455 {
            delta /= 35
            k += 36
        }
        return k + 36 * delta / (delta + 38)
    }
}
