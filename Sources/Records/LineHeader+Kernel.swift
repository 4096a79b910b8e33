// The forms of header that only the kernel's lines have: printk's stamp on a console, and what dmesg(1) makes of it.

import Formats

extension LineHeader {
    /// `** 12 printk messages dropped ** [  123.456789] …`, on a console that is too slow.
    static func droppedPrintk(_ scanner: inout LineScanner) -> LineHeader? {
        var header = LineHeader()
        guard scanner.take("** "), scanner.number(limit: 10) != nil, scanner.take(" printk messages dropped ** "),
            header.printk(&scanner)
        else { return nil }
        header.messageStart = scanner.at
        return header
    }

    /// `[Tue Nov  3 12:41:14 2026] message` (`dmesg -T`). Apache's has a day of two digits, thousandths, or its level behind it.
    static func dmesgTime(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        if scanner.take("["), scanner.peek(8) != UInt8(ascii: "0"), scanner.peek(19) == 0x20,
            let time = scanner.asctime(context), scanner.take("] "), !isOfApache(scanner)
        {
            return ofKernel(time, scanner)
        }
        scanner.at = start
        return nil
    }

    /// `[error]`, `[core:error]`, `[client 192.0.2.1]`, `[pid 812]`.
    private static func isOfApache(_ rest: LineScanner) -> Bool {
        var scanner = rest
        guard scanner.take("["), let text = scanner.word(limit: 64, until: { $0 == 0x5d }) else { return false }
        let level = text[((text.lastIndex(of: UInt8(ascii: ":")).map { $0 + 1 }) ?? text.startIndex)...]
        return LogLevel.named(level) != nil || text.starts(with: "client ".utf8) || text.starts(with: "pid ".utf8)
    }

    /// `2026-11-03T12:41:14,123456+01:00 message` (`dmesg --time-format iso`): the comma is dmesg's alone.
    static func dmesgISO(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        guard scanner.peek(10) == UInt8(ascii: "T"), scanner.peek(19) == UInt8(ascii: ","),
            scanner.peek(26).map({ $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }) ?? false
        else { return nil }
        let start = scanner.at
        if let time = scanner.isoTime(localOffset: context.utcOffset)?.time, scanner.take(" ") {
            return ofKernel(time, scanner)
        }
        scanner.at = start
        return nil
    }

    /// `kern  :emerg : [  123.456789] message` (`dmesg --decode`), with whichever time.
    static func decodedDmesg(_ scanner: inout LineScanner, _ context: LineContext) -> LineHeader? {
        let start = scanner.at
        if scanner.take("kern  :"), let word = scanner.word(limit: 6, until: { $0 == 0x20 || $0 == 0x3a }),
            let level = LogLevel.named(word), scanner.skipSpaces() <= 5, scanner.take(": ")
        {
            var header = dmesgTime(&scanner, context) ?? dmesgISO(&scanner, context) ?? LineHeader()
            if header.time == nil { header.printk(&scanner) }
            (header.identifier, header.priority, header.messageStart) = ("kernel", level, scanner.at)
            return header
        }
        scanner.at = start
        return nil
    }

    /// `6,812,123456789,-;message` (/dev/kmsg, the extended format of netconsole): level, number, microseconds, flags; perhaps
    /// `caller=T12` behind these. Its level is not read: the numbers are not what a level is searched for by.
    static func kmsg(_ scanner: inout LineScanner) -> LineHeader? {
        let start = scanner.at
        if scanner.number(limit: 3) != nil, scanner.take(","), scanner.number(limit: 18) != nil, scanner.take(","),
            let stamp = scanner.number(limit: 18), scanner.take(","),
            let flags = scanner.word(limit: 80, until: { $0 == UInt8(ascii: ";") || $0 == 0x20 }),
            flags.count == 1 || flags.dropFirst().starts(with: ",caller=".utf8), scanner.take(";")
        {
            var header = LineHeader()
            (header.identifier, header.uptime, header.messageStart) = ("kernel", Int64(stamp), scanner.at)
            header.stream = flags.count > 9 ? flags.dropFirst(9).text : nil
            return header
        }
        scanner.at = start
        return nil
    }

    /// `web1 login: [  123.456789] message`: on a console behind getty's prompt.
    static func behindPrompt(_ scanner: inout LineScanner) -> LineHeader? {
        let start = scanner.at
        var header = LineHeader()
        if let host = scanner.word(limit: 64), isHost(host), scanner.take(" login: "), header.printk(&scanner) {
            header.messageStart = scanner.at
            return header
        }
        scanner.at = start
        return nil
    }

    private static func ofKernel(_ time: Timestamp, _ scanner: LineScanner) -> LineHeader {
        var header = LineHeader()
        (header.time, header.identifier, header.messageStart) = (time, "kernel", scanner.at)
        return header
    }
}
