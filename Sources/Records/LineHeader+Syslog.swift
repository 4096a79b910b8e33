// Syslog's lines: RFC 3164 as daemons write it to files, with or without PRI, with old or ISO times; RFC 5424.

import Formats

extension LineHeader {
    /// `<34>Oct 11 …`, `<34>2026-…`, `<165>1 2026-…` (RFC 5424 section 6), also printk's `<4>[ 12.345678] …`.
    static func syslogWithPriority(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        guard scanner.take("<"), let value = scanner.number(limit: 3), value <= 191, scanner.take(">") else {
            return nil
        }
        let start = scanner.at
        var header: LineHeader?
        if scanner.take("1 ") { header = rfc5424(&scanner, context) }
        if header == nil {
            scanner.at = start
            header = rfc3164(&scanner, context) ?? isoSyslog(&scanner, context)
        }
        if header == nil {
            var kernel = LineHeader()
            kernel.printk(&scanner)
            kernel.messageStart = scanner.at
            header = kernel
        }
        header?.priority = UInt8(value & 7)
        header?.isLevelVague = true
        return header
    }

    /// `Nov 21 12:41:14 host sshd[812]: message`.
    static func rfc3164(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        guard let time = scanner.rfc3164Time(context), scanner.take(" ") || scanner.isAtEnd else {
            scanner.at = start
            return nil
        }
        var header = LineHeader()
        header.time = time
        header.originAndTag(&scanner, hostRequired: false)
        return header
    }

    /// `2026-11-21T12:41:14.123456+00:00 host sshd[812]: message`, rsyslog's own format since Debian 12. Nil unless host and
    /// tag follow.
    static func isoSyslog(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        var header = LineHeader()
        if let (time, hasZone) = scanner.isoTime(localOffset: context.utcOffset), hasZone, scanner.take(" ") {
            header.time = time
            header.originAndTag(&scanner, hostRequired: true)
            if header.identifier != nil { return header }
        }
        scanner.at = start
        return nil
    }

    /// `host tag[pid]: `, or `tag[pid]: ` alone as programs write it that open the file themselves.
    private mutating func originAndTag(_ scanner: inout LineScanner, hostRequired: Bool) {
        let start = scanner.at
        messageStart = start
        if !hostRequired, tag(&scanner) {
            if pid == nil, let name = identifier, Self.isWordOfMessage(tag: name.utf8) {
                (identifier, isTagged, scanner.at) = (nil, false, start)
            } else {
                messageStart = scanner.at
            }
            return
        }
        guard let word = scanner.word(), Self.isHost(word), LogLevel.named(word) == nil, scanner.skipSpaces() > 0
        else {
            scanner.at = start
            return
        }
        let afterHost = scanner.at
        let tagged = tag(&scanner)
        if Self.isMessage(scanner.bytes[start..<scanner.end], withHost: word, isTagged: tagged) {
            (identifier, pid, uptime, stream, isTagged, scanner.at) = (nil, nil, nil, nil, false, start)
            return
        }
        if tagged || !hostRequired { host = word.text }
        messageStart = tagged ? scanner.at : afterHost
    }

    /// `sshd[812]: `, `kernel: ` with the printk stamp behind it, `postfix/smtpd[12]: `, `sssd[be[example.org]][812]: `.
    private mutating func tag(_ scanner: inout LineScanner) -> Bool {
        let start = scanner.at
        guard let name = scanner.word(limit: 64, until: { $0 == 0x20 || $0 == 0x5b || $0 == 0x3a }),
            Self.isName(name)
        else {
            scanner.at = start
            return false
        }
        var nameEnd = scanner.at
        var number: Int32?
        if scanner.take("[") {
            let content = scanner.word(limit: 32, until: { $0 == 0x5d || $0 == 0x20 })
            if let content, scanner.take("]"), scanner.peek() == 0x3a {
                number = Self.processID(content)
            } else if let tag = Self.bracketedTag(scanner.bytes[start..<scanner.end]) {
                (nameEnd, scanner.at, number) = (tag.nameEnd, tag.end, tag.pid)
            } else {
                scanner.at = start
                return false
            }
        }
        guard scanner.take(":"), scanner.peek() == 0x20 || scanner.isAtEnd else {
            scanner.at = start
            return false
        }
        // One space: more of them are the message's, the frames of a stack trace are indented.
        _ = scanner.take(" ")
        identifier = scanner.bytes[start..<nameEnd].text
        (pid, isTagged) = (number, true)
        if identifier == "kernel" { printk(&scanner) }
        return true
    }

    /// The kernel's own stamp, when it is there.
    @discardableResult
    mutating func printk(_ scanner: inout LineScanner) -> Bool {
        guard let stamp = scanner.printkStamp() else { return false }
        (identifier, uptime, stream) = ("kernel", stamp.uptime, stamp.caller)
        return true
    }

    /// `1 2026-11-21T12:41:14Z web1 app 812 - - message`: some write RFC 5424 to files so.
    static func rfc5424WithoutPriority(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        if scanner.take("1 "), scanner.peek() != UInt8(ascii: "-"), let header = rfc5424(&scanner, context) {
            return header
        }
        scanner.at = start
        return nil
    }

    /// Behind `<PRI>1 `: `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`.
    private static func rfc5424(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        var header = LineHeader()
        if !scanner.take("-") {
            guard let (time, _) = scanner.isoTime(localOffset: context.utcOffset) else { return nil }
            header.time = time
        }
        var words: [String?] = []
        for limit in [255, 48, 128, 32] {
            guard scanner.take(" "), let word = scanner.word(limit: limit), word.allSatisfy(isGraphic),
                !words.isEmpty || isHost(word)
            else { return nil }
            words.append(word.text == "-" ? nil : word.text)
        }
        (header.host, header.identifier, header.isTagged) = (words[0], words[1], true)
        header.pid = words[2].flatMap { Int32($0) }
        if let name = words[3] { header.fields.append(Field("MSGID", name)) }
        guard scanner.take(" ") else { return nil }
        if !scanner.take("-") {
            guard header.structuredData(&scanner) else { return nil }
        }
        _ = scanner.take(" ")
        _ = scanner.take("\u{feff}")
        header.messageStart = scanner.at
        return header
    }

    /// `[id name="value" …][…]` (RFC 5424 section 6.3) as fields `id.name`.
    private mutating func structuredData(_ scanner: inout LineScanner) -> Bool {
        guard scanner.peek() == UInt8(ascii: "[") else { return false }
        while scanner.take("[") {
            guard let id = scanner.word(limit: 64, until: { $0 == 0x20 || $0 == 0x5d }),
                id.allSatisfy(Self.isGraphic)
            else { return false }
            while scanner.take(" ") {
                guard let name = scanner.word(limit: 64, until: { $0 == 0x3d || $0 == 0x20 || $0 == 0x5d }),
                    name.allSatisfy(Self.isGraphic), scanner.take("="), scanner.take("\""),
                    let value = Self.quoted(&scanner)
                else { return false }
                if fields.count < 256 { fields.append(Field(id.text + "." + name.text, value)) }
            }
            guard scanner.take("]") else { return false }
        }
        return true
    }

    /// Up to the closing quote; `\"`, `\\` and `\]` are escapes.
    private static func quoted(_ scanner: inout LineScanner) -> [UInt8]? {
        var value: [UInt8] = []
        while let byte = scanner.peek() {
            scanner.at += 1
            if byte == 0x22 { return value }
            if byte == 0x5c, let next = scanner.peek(), [0x22, 0x5c, 0x5d].contains(next) {
                scanner.at += 1
                value.append(next)
            } else {
                value.append(byte)
            }
        }
        return nil
    }
}
