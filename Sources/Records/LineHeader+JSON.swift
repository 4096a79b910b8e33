// JSON lines: which member is the message, the time, the level. The names are those of the common loggers: zap, logrus,
// slog, pino, bunyan, winston, logstash, ECS, python-json-logger, MongoDB, GELF.

import Formats

extension LineHeader {
    private static let messageNames = [
        "message", "msg", "MESSAGE", "log", "short_message", "@message", "text", "event",
    ]
    private static let timeNames = ["time", "timestamp", "@timestamp", "ts", "t", "date", "datetime"]
    private static let levelNames = [
        "level", "severity", "lvl", "log.level", "levelname", "level_name", "log_level", "loglevel", "logLevel",
        "severity_text", "severityText", "SeverityText", "Level", "Severity", "@l", "PRIORITY", "priority",
    ]
    /// Of these, numbers are read as well.
    private static let numericLevelNames: Set<String> = [
        "level", "severity", "lvl", "Level", "Severity", "PRIORITY", "priority",
    ]
    /// Members that hold the level where it does not stand beside the message.
    private static let levelHolders = ["log", "event", "syslog", "record", "alert", "payload", "data"]
    private static let hostNames = ["host", "hostname", "_HOSTNAME"]
    private static let programNames = ["app", "service", "logger", "program", "SYSLOG_IDENTIFIER", "name"]
    /// What went wrong often stands beside the message. It is part of what patterns see, each on a line of its own.
    private static let detailNames: Set<Octets> = [
        "error", "err", "exception", "exc_info", "stack", "stacktrace", "stack_trace", "error.message",
        "error.stack_trace", "full_message", "reason", "attr",
    ]

    /// As they stand in a line behind the quote that opens them.
    private static let quotedDetailNames = detailNames.map { Array("\($0.text)\"".utf8) }

    /// A bit for each letter from `a` on that a detail's name begins with: most names in a line need no more than that.
    private static let detailLetters = detailNames.reduce(UInt32(0)) { $0 | letterBit($1.text.utf8.first ?? 0) }

    private static func letterBit(_ byte: UInt8) -> UInt32 { 1 << UInt32(byte &- UInt8(ascii: "a")) }

    /// Whether the message of a line of JSON (behind a container's header or not) stands in the line's bytes just as it
    /// will be matched: what no pattern was found in there needs no parsing. False in doubt: where there is an escape,
    /// but for the line feed that ends a member's text; a detail or another line that is put behind the message; a byte
    /// that is no ASCII, since what is no UTF-8 is replaced; a text that may begin with a header that names a level.
    package static func isLiteral(_ line: UnsafeRawBufferPointer) -> Bool {
        let letters = detailLetters
        for at in line.indices {
            switch line[at] {
            case 0x0a, 0x80...: return false
            case 0x5c:
                guard line.count - at > 2, line[at + 1] == UInt8(ascii: "n"), line[at + 2] == 0x22 else { return false }
            case 0x22 where mayBeginWithLevel(line, at + 1): return false
            case 0x22 where at + 1 < line.count && letters & letterBit(line[at + 1]) != 0:
                let rest = UnsafeRawBufferPointer(rebasing: line[(at + 1)...])
                if quotedDetailNames.contains(where: { rest.starts(with: $0) }) { return false }
            default: continue
            }
        }
        return true
    }

    /// Whether such a header (`<2>`, `F1121 `, `F, [`, `crit: `) may stand there: in a block it is searched for at the start
    /// of a line alone.
    private static func mayBeginWithLevel(_ line: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        guard at + 1 < line.count else { return false }
        switch line[at] {
        case UInt8(ascii: "<"): return true
        case UInt8(ascii: "c"): return line[at...].starts(with: "crit: ".utf8)
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): return line[at + 1] &- 48 < 10 || line[at + 1] == UInt8(ascii: ",")
        default: return false
        }
    }

    /// Nil when the line is no JSON object.
    static func json(_ line: [UInt8], context: LineContext, depth: Int) -> LineHeader? {
        guard let value = try? JSON.parse(line), let members = value.members else { return nil }
        if let header = docker(members, context: context, depth: depth) { return header }
        var header = LineHeader()
        var used: Set<Octets> = []
        func member(_ names: [String], where isMeant: (JSON) -> Bool = { _ in true }) -> JSON? {
            for name in names {
                if let value = members.value(of: name), !value.isNull {
                    // What is of another kind stays a field.
                    guard isMeant(value) else { continue }
                    used.insert(Octets(name))
                    return value
                }
            }
            return nil
        }
        header.time = member(timeNames).flatMap { time($0, context) }
        header.priority = priority(members, &used)
        header.host = member(hostNames)?.string.flatMap { isHost($0.utf8) ? $0 : nil }
        header.identifier = member(programNames, where: isProgram)?.string ?? (saysKernel(members) ? "kernel" : nil)
        header.pid = member(["pid", "process_id"])?.int.flatMap { Int32(exactly: $0) }
        header.isAccess = isAccess(members, priority: header.priority)
        header.decoded = message(member(messageNames)?.string, members) ?? line
        header.fields = members.filter { !used.contains(Octets($0.name)) }.map { Field($0.name, text($0.value)) }
        return header
    }

    /// Of a record of several lines whose first is an object by itself: the others are no JSON, and go on with its message.
    static func jsonBeforeLines(_ lines: [UInt8], context: LineContext, depth: Int) -> LineHeader? {
        guard let end = lines.firstIndex(of: 0x0a) else { return nil }
        let first = Array(lines[..<end])
        guard var header = json(first, context: context, depth: depth) else { return nil }
        header.decoded = (header.decoded ?? first) + lines[end...]
        return header
    }

    /// What journald, rsyslog, Vector and Fluent Bit call the kernel's entries, where no member names a program.
    private static func saysKernel(_ members: [JSON.Member]) -> Bool {
        members.contains {
            $0.value.isText("kernel") && kernelHolders.contains(where: $0.name.isExactly)
        }
    }

    private static let kernelHolders = ["_TRANSPORT", "programname", "appname", "ident"]

    /// A program's name is short: what is longer is an article's, and no key of anything.
    private static func isProgram(_ value: JSON) -> Bool { (value.string?.utf8.count ?? 0) <= 255 }

    private static func message(_ text: String?, _ members: [JSON.Member]) -> [UInt8]? {
        guard let text else { return nil }
        var message = Array(text.utf8)
        while message.last == 0x0a { message.removeLast() }
        for member in members where detailNames.contains(Octets(member.name)) && !member.value.isNull {
            let detail = Self.text(member.value)
            if detail.isEmpty { continue }
            message.append(0x0a)
            message.append(contentsOf: detail.utf8)
        }
        return message
    }

    private static func text(_ value: JSON) -> String { value.string ?? value.text }

    private static func priority(_ members: [JSON.Member], _ used: inout Set<Octets>) -> UInt8? {
        func member(_ name: String) -> JSON? { members.value(of: name) }
        // GELF has syslog's numbers (its specification, "level"), and so has what the journal exports.
        let isGELF = member("short_message") != nil || member("version")?.isText("1.1") == true
        for name in levelNames {
            guard let value = member(name), value.int == nil || numericLevelNames.contains(name),
                let level = level(value, isSyslog: isGELF || name == "PRIORITY")
            else { continue }
            used.insert(Octets(name))
            return level
        }
        let inner = levelHolders.compactMap { member($0)?.members }
        if let level = inner.lazy.compactMap(innerLevel).first ?? ([members] + inner).lazy.compactMap(ofKin).first {
            return level
        }
        // MongoDB's one letter.
        guard member("c") != nil, let letter = member("s")?.string, letter.utf8.count == 1 else { return nil }
        used.insert("s")
        return LogLevel.letters.first { letter.first == $0.letter }?.level
    }

    /// The level in an object within the line's: ECS (`log.level`), loguru (`record.level.name`), Sentry, Wazuh. Numbers are
    /// of scales of their own there, but for the level of a logger.
    private static func innerLevel(_ members: [JSON.Member]) -> UInt8? {
        for name in levelNames where name.lowercased() != "priority" {
            guard let value = members.value(of: name), value.int == nil || name == "level",
                let level = level(value, isSyslog: false)
            else { continue }
            return level
        }
        return nil
    }

    /// `threatSeverity`, `alertLevel`: of members whose names end so a word counts that is critical or worse, and nothing
    /// milder: they speak of many things. How great a risk is says nothing of a fault.
    private static func ofKin(_ members: [JSON.Member]) -> UInt8? {
        members.lazy.compactMap { member -> UInt8? in
            guard member.name.utf8.count <= 255 else { return nil }
            let name = member.name.lowercased()
            guard name.ends("severity") || name.ends("level"), !name.begins("risk"),
                let word = member.value.string, let level = LogLevel.named(word.utf8), level <= 2
            else { return nil }
            return level
        }.min()
    }

    private static func level(_ value: JSON, isSyslog: Bool) -> UInt8? {
        if let number = value.int { return LogLevel.numbered(number, isSyslog: isSyslog) }
        guard let word = value.string else { return value["name"].flatMap { level($0, isSyslog: isSyslog) } }
        return LogLevel.valued(word.utf8)
            ?? Int64(word).flatMap { LogLevel.numbered($0, isSyslog: isSyslog) }
    }

    /// The level of a part of an object: a line of one that was cut, or of which other lines came apart from it.
    static func partOfJSON(_ line: LineScanner) -> LineHeader? {
        let bytes = line.bytes[line.at..<min(line.end, line.at + 4096)]
        var header = LineHeader()
        for name in levelNames {
            let quoted = Array("\"\(name)\"".utf8)
            guard let place = bytes.firstRange(ofBytes: quoted) else { continue }
            var scanner = LineScanner(line.bytes, place.upperBound..<bytes.endIndex)
            scanner.skipSpaces()
            guard scanner.take(":") else { continue }
            scanner.skipSpaces()
            guard scanner.take("\""), let word = scanner.word(limit: 16, until: { $0 == 0x22 }),
                let level = LogLevel.named(word)
            else { continue }
            header.priority = level
            header.messageStart = line.at
            return header
        }
        return nil
    }

    /// A string in ISO form, a number of seconds, milli-, micro- or nanoseconds since the epoch, or MongoDB's `$date`.
    private static func time(_ value: JSON, _ context: LineContext) -> Timestamp? {
        switch value {
        case .string(let text):
            var scanner = LineScanner(Array(text.utf8.prefix(64)))
            return scanner.isoTime(localOffset: context.utcOffset)?.time ?? scanner.rfc3164Time(context)
        case .int(let number): return epoch(Double(number))
        case .double(let number): return epoch(number)
        case .object: return value["$date"].flatMap { time($0, context) }
        default: return nil
        }
    }

    /// The unit is told by the size: no log is from before 1973 in it or after 5138.
    private static func epoch(_ number: Double) -> Timestamp? {
        guard number.isFinite, number > 1e8, number < 1e20 else { return nil }
        let seconds: Double =
            switch number {
            case ..<1e11: number
            case ..<1e14: number / 1e3
            case ..<1e17: number / 1e6
            default: number / 1e9
            }
        return Timestamp(microseconds: Int64(seconds * 1e6))
    }
}
