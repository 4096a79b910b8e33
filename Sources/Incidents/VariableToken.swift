// The forms of what varies in a message: dates, addresses, identifiers, numbers with units. Each function looks at bytes
// from one place on and says where such a thing ends; none looks further than the thing is long.

/// What varies in messages.
enum VariableToken {
    /// Where the variable thing that begins at `start` ends; nil when none begins there. `start` follows no word.
    /// - Parameter hasSign: whether there is an `@` in all of `bytes`.
    static func end(in bytes: [UInt8], from start: Int, hasSign: Bool) -> Int? {
        let first = bytes[start]
        if first == UInt8(ascii: ":") { return addressEnd(bytes, start) }
        if hasSign, let end = mailAddressEnd(bytes, start) { return end }
        // All else begins with a hexadecimal digit or with the name of a day or a month.
        guard isHex(first) else { return first &- 0x41 < 26 ? dateEnd(bytes, start) : nil }
        return uuidEnd(bytes, start) ?? dateEnd(bytes, start) ?? hardwareEnd(bytes, start) ?? addressEnd(bytes, start)
            ?? numberEnd(bytes, start)
    }

    // MARK: Bytes

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
    static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 6 }
    static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
    /// Letters, digits, and every byte beyond ASCII.
    static func isWord(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) || byte >= 0x80 }
    static func isSentenceEnd(_ byte: UInt8) -> Bool { byte == 0x2e || byte == 0x2c || byte == 0x3a }
    static func isPathByte(_ byte: UInt8) -> Bool { isWord(byte) || "._-+@~%=,:#".utf8.contains(byte) }

    private static func endsWord(_ bytes: [UInt8], _ end: Int) -> Bool { end >= bytes.count || !isWord(bytes[end]) }

    // MARK: Times

    /// `2026-11-21`, `2026/11/21`, `21/Nov/2026`, `Nov 21`, `21 Nov 2026`, a weekday before them, a time of day and a zone
    /// behind them, and `12:41:14` alone.
    static func dateEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var index = start
        if let end = name(of: weekdays, bytes, index) {
            index = skip(", ", bytes, end)
            guard let end = civilDateEnd(bytes, index) else { return nil }
            index = end
        } else if let end = civilDateEnd(bytes, index) {
            index = end
        } else {
            guard let end = timeEnd(bytes, index) else { return nil }
            return zoneEnd(bytes, end)
        }
        // The time of day, however it is joined.
        var next = index
        if next < bytes.count, "Tt:".utf8.contains(bytes[next]) { next += 1 } else { next = skip(" ", bytes, next) }
        guard let time = timeEnd(bytes, next) else { return endsWord(bytes, index) ? index : nil }
        index = zoneEnd(bytes, time)
        // A year behind it all, as ctime(3) has it.
        let year = skip(" ", bytes, index)
        if year > index, let end = digits(bytes, year, 4...4), endsWord(bytes, end) { index = end }
        return index
    }

    private static func civilDateEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        if let year = digits(bytes, start, 4...4), year < bytes.count, "-/.".utf8.contains(bytes[year]),
            let month = digits(bytes, year + 1, 2...2), month < bytes.count, bytes[month] == bytes[year]
        {
            return digits(bytes, month + 1, 2...2)
        }
        if let month = name(of: months, bytes, start) {
            let day = skip(" ", bytes, month)
            return day > month ? digits(bytes, day, 1...2) : nil
        }
        guard let day = digits(bytes, start, 1...2) else { return nil }
        let separators = day < bytes.count && "/-".utf8.contains(bytes[day]) ? day + 1 : skip(" ", bytes, day)
        guard separators > day, let month = name(of: months, bytes, separators) else { return nil }
        let year = month < bytes.count && "/- ".utf8.contains(bytes[month]) ? month + 1 : month
        return year > month ? digits(bytes, year, 4...4) ?? month : month
    }

    /// `12:41`, `12:41:14.123456`.
    private static func timeEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard let hour = digits(bytes, start, 1...2), hour < bytes.count, bytes[hour] == 0x3a,
            let minute = digits(bytes, hour + 1, 2...2), minute < bytes.count, bytes[minute] == 0x3a,
            var end = digits(bytes, minute + 1, 2...2)
        else { return nil }
        if end < bytes.count, bytes[end] == 0x2e || bytes[end] == 0x2c, let fraction = digits(bytes, end + 1, 1...9) {
            end = fraction
        }
        // hexadecimal digits with more colons are an address
        return end < bytes.count && (bytes[end] == 0x3a || isHex(bytes[end])) ? nil : end
    }

    /// `Z`, `+01:00`, ` +0100`, ` UTC`.
    private static func zoneEnd(_ bytes: [UInt8], _ start: Int) -> Int {
        var index = start
        if index < bytes.count, bytes[index] == UInt8(ascii: "Z"), endsWord(bytes, index + 1) { return index + 1 }
        if index < bytes.count, bytes[index] == 0x20 { index += 1 }
        if bytes[index...].starts(with: "UTC".utf8) || bytes[index...].starts(with: "GMT".utf8),
            endsWord(bytes, index + 3)
        {
            return index + 3
        }
        guard index < bytes.count, bytes[index] == 0x2b || bytes[index] == 0x2d else { return start }
        if let end = digits(bytes, index + 1, 4...4) { return end }
        guard let hours = digits(bytes, index + 1, 2...2) else { return start }
        let minutes = hours < bytes.count && bytes[hours] == 0x3a ? digits(bytes, hours + 1, 2...2) : hours
        return minutes ?? start
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { Array($0.utf8) }
    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map { Array($0.utf8) }

    /// Where the three letters of one of the names end, with no letter behind them.
    private static func name(of names: [[UInt8]], _ bytes: [UInt8], _ start: Int) -> Int? {
        guard start + 3 <= bytes.count, bytes[start] &- 0x41 < 26, endsWord(bytes, start + 3) else { return nil }
        let word = bytes[start..<(start + 3)]
        return names.contains { word.elementsEqual($0) } ? start + 3 : nil
    }

    /// So many digits, and no more.
    private static func digits(_ bytes: [UInt8], _ start: Int, _ count: ClosedRange<Int>) -> Int? {
        var index = start
        while index < bytes.count, index - start <= count.upperBound, isDigit(bytes[index]) { index += 1 }
        return count.contains(index - start) ? index : nil
    }

    private static func skip(_ set: String, _ bytes: [UInt8], _ start: Int) -> Int {
        var index = start
        while index < bytes.count, index < start + 4, set.utf8.contains(bytes[index]) { index += 1 }
        return index
    }

    // MARK: Addresses

    /// `name@host.example`; the part before the sign begins at `start`.
    static func mailAddressEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var index = start
        while index < bytes.count, index - start <= 64, isWord(bytes[index]) || "._+-=".utf8.contains(bytes[index]) {
            index += 1
        }
        guard index > start, index < bytes.count, bytes[index] == UInt8(ascii: "@") else { return nil }
        let host = index + 1
        index = host
        var dots = 0
        while index < bytes.count, index - host <= 255, isWord(bytes[index]) || "-.".utf8.contains(bytes[index]) {
            if bytes[index] == 0x2e { dots += 1 }
            index += 1
        }
        while index > host, bytes[index - 1] == 0x2e || bytes[index - 1] == 0x2d {
            if bytes[index - 1] == 0x2e { dots -= 1 }
            index -= 1
        }
        return dots > 0 ? index : nil  // getty@tty1 and the like are names
    }

    /// IPv6, and hexadecimal digits with two colons at least; with an IPv4 tail.
    static func addressEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var index = start
        var colons = 0
        var digits = 0
        while index < bytes.count, index - start < 64,
            isHex(bytes[index]) || bytes[index] == 0x3a || bytes[index] == 0x2e
        {
            if bytes[index] == 0x3a { colons += 1 } else if bytes[index] != 0x2e { digits += 1 }
            index += 1
        }
        while index > start, bytes[index - 1] == 0x3a || bytes[index - 1] == 0x2e {
            if bytes[index - 1] == 0x3a { colons -= 1 }
            index -= 1
        }
        guard colons >= 2, digits > 0, endsWord(bytes, index) else { return nil }
        // fe80::1%eth0
        if index < bytes.count, bytes[index] == UInt8(ascii: "%") {
            var zone = index + 1
            while zone < bytes.count, isWord(bytes[zone]) { zone += 1 }
            if zone > index + 1 { return zone }
        }
        return index
    }

    /// `00-1a-2b-3c-4d-5e` and `001a.2b3c.4d5e`: MAC addresses without colons.
    static func hardwareEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        for (size, count, separator) in [(2, 6, UInt8(ascii: "-")), (4, 3, UInt8(ascii: "."))] {
            let end = start + count * (size + 1) - 1
            guard end <= bytes.count, endsWord(bytes, end) else { continue }
            let fits = (start..<end).allSatisfy { index in
                (index - start) % (size + 1) == size ? bytes[index] == separator : isHex(bytes[index])
            }
            if fits { return end }
        }
        return nil
    }

    /// 8-4-4-4-12 hexadecimal digits.
    static func uuidEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard start + 36 <= bytes.count, endsWord(bytes, start + 36) else { return nil }
        for offset in 0..<36 {
            let byte = bytes[start + offset]
            let dash = offset == 8 || offset == 13 || offset == 18 || offset == 23
            guard dash ? byte == UInt8(ascii: "-") : isHex(byte) else { return nil }
        }
        return start + 36
    }

    // MARK: Numbers and identifiers

    /// `812`, `1,024.5`, `192.168.1.17`, `12ms`, `1h2m3.5s`, `4.2GiB`, `7%`, `3rd`.
    static func numberEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var index = start
        var end: Int?
        while index < bytes.count, isDigit(bytes[index]) {
            while index < bytes.count, isDigit(bytes[index]) || isPoint(bytes, index) { index += 1 }
            let letters = index
            while index < bytes.count, index - letters < 6, isLetter(bytes[index]) || bytes[index] >= 0x80 {
                index += 1
            }
            if index == letters { return index < bytes.count && bytes[index] == 0x25 ? index + 1 : index }
            guard units.contains(String(decoding: bytes[letters..<index], as: UTF8.self)) else { return nil }
            end = index
        }
        return end.flatMap { endsWord(bytes, $0) ? $0 : nil }
    }

    /// A point or comma between two digits.
    private static func isPoint(_ bytes: [UInt8], _ index: Int) -> Bool {
        (bytes[index] == 0x2e || bytes[index] == 0x2c) && index + 1 < bytes.count && isDigit(bytes[index + 1])
    }

    private static let units: Set<String> = [
        "ns", "us", "µs", "μs", "ms", "s", "sec", "secs", "m", "min", "mins", "h", "d", "B", "b", "k", "K", "M", "G",
        "T",
        "kB", "KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "kb", "mb", "gb", "Mi", "Gi", "Ki", "bytes",
        "st", "nd", "rd", "th",
    ]

    /// Hexadecimal words (0x…, or six digits and more of which one is decimal, or sixteen), and words in which letters
    /// and digits alternate as no name does: identifiers of requests, sessions, containers.
    static func isIdentifier(_ piece: ArraySlice<UInt8>) -> Bool {
        let digits = piece.count(where: isDigit)
        if digits > 0, piece.starts(with: "0x".utf8) { return true }
        if piece.allSatisfy(isHex), (digits > 0 && piece.count >= 6) || piece.count >= 16 { return true }
        return piece.count >= 8 && digits > 0 && changes(piece) >= 3
    }

    /// Five letters and digits mixed, as generators append them to names.
    static func isGeneratedSuffix(_ piece: ArraySlice<UInt8>) -> Bool {
        piece.count == 5 && piece.allSatisfy { isDigit($0) || $0 &- 0x61 < 26 } && piece.contains(where: isDigit)
    }

    /// How often letters and digits take turns.
    private static func changes(_ piece: ArraySlice<UInt8>) -> Int {
        zip(piece, piece.dropFirst()).count { isDigit($0) != isDigit($1) }
    }
}
