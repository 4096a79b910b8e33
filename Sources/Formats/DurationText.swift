// Durations as people write them: 90s, 5m, 4h, 2d, 2500ms.

extension Duration {
    /// Reads `2500ms`, `90s`, `5m`, `4h`, `2d`. A bare number is nil, except `0`.
    package init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let factor: Int64
        switch text.dropFirst(digits.count) {
        case "ms": factor = 1
        case "s": factor = 1000
        case "m": factor = 60_000
        case "h": factor = 3_600_000
        case "d": factor = 86_400_000
        case "" where number == 0: factor = 1
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, product <= 100 * 365 * 86_400_000 else { return nil }
        self = .milliseconds(product)
    }

    /// How one is written, for people who wrote it otherwise.
    package static let form = "write a number and its unit (s, m, h, d, or ms), such as 90s, 4h or 2d"

    /// The shortest of the forms that `init(text:)` reads.
    package var text: String {
        let ms = milliseconds
        if ms == 0 { return "0s" }
        for (factor, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")] as [(Int64, String)]
        where ms % factor == 0 { return "\(ms / factor)\(unit)" }
        return "\(ms)ms"
    }

    /// For people: `2 h 5 min`, `43 s`, `0.8 s`.
    package var phrase: String {
        let ms = max(0, milliseconds)
        switch ms {
        case ..<1000: return "\(ms) ms"
        case ..<10_000: return "\(ms / 1000).\(ms / 100 % 10) s"
        case ..<120_000: return "\(ms / 1000) s"
        case ..<7_200_000: return "\(ms / 60_000) min"
        case ..<172_800_000: return "\(ms / 3_600_000) h \(ms / 60_000 % 60) min"
        default: return "\(ms / 86_400_000) d \(ms / 3_600_000 % 24) h"
        }
    }
}
