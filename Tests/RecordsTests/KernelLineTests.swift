import Formats
import Records
import Testing

/// Which lines of files count as the kernel's.
@Suite struct KernelLineTests {
    private func record(_ line: String, text: String? = nil, file: String = "/var/log/app.log") -> Record {
        let now = CivilTime(year: 2026, month: 11, day: 21, hour: 12, minute: 41, second: 15).timestamp()
        return LineHeader.record(
            of: Array(line.utf8), text: text.map { Array($0.utf8) }, source: .file(file),
            context: LineContext(readAt: now))
    }

    @Test(
        "the forms that the kernel's lines have are known, with the time and the level that they tell",
        arguments: [
            ("[  123.456789] md0: x", nil, nil), ("<3>[  123.456789] md0: x", nil, 3),
            ("** 12 printk messages dropped ** [  123.456789] md0: x", nil, nil),
            ("[Tue Nov  3 02:11:07 2026] md0: x", "2026-11-03T02:11:07.000000Z", nil),
            ("[Sat Nov 21 12:41:14 2026] md0: x", "2026-11-21T12:41:14.000000Z", nil),
            ("2026-11-03T02:11:07,123456+01:00 md0: x", "2026-11-03T01:11:07.123456Z", nil),
            ("kern  :emerg : [  123.456789] md0: x", nil, 0), ("kern  :warn  : md0: x", nil, 4),
            ("kern  :crit  : [Tue Nov  3 02:11:07 2026] md0: x", "2026-11-03T02:11:07.000000Z", 2),
            ("kern  :err   : 2026-11-03T02:11:07,123456+01:00 md0: x", "2026-11-03T01:11:07.123456Z", 3),
            (#"{"_TRANSPORT":"kernel","MESSAGE":"md0: x"}"#, nil, nil),
            (#"{"SYSLOG_IDENTIFIER":"kernel","MESSAGE":"md0: x","PRIORITY":"2"}"#, nil, 2),
            (#"{"programname":"kernel","msg":"md0: x"}"#, nil, nil), ("6,812,123456789,-;md0: x", nil, nil),
            ("12,812,123456789,c,caller=T12;md0: x", nil, nil), ("web1 login: [  123.456789] md0: x", nil, nil),
            ("1 2026-11-03T02:11:07Z web1 kernel - - - md0: x", "2026-11-03T02:11:07.000000Z", nil),
        ] as [(String, String?, UInt8?)])
    func own(line: String, time: String?, priority: UInt8?) {
        let found = record(line)
        #expect(found.mayBeOfKernel && found.identifier == "kernel" && !found.isBare)
        #expect(String(decoding: found.message, as: UTF8.self) == "md0: x")
        #expect(found.time?.rfc3339(fraction: 6) == time)
        #expect(found.priority == priority)
    }

    @Test(
        "no other header without a program's name is the kernel's",
        arguments: [
            "2026-11-03 02:11:07 md0: x", "2026-11-03 02:11:07,123 md0: x", "2026-11-03T02:11:07.123456+01:00 x y",
            "2026-11-03T02:11:07,123 md0: x", "Nov  3 02:11:07 web1 the text", "Nov  3 02:11:07 md0 x y",
            "[Tue Nov 03 02:11:07 2026] md0: x", "[Tue Nov  3 02:11:07.123456 2026] md0: x",
            "[Sat Nov 21 12:41:14 2026] [error] md0: x", "[Sat Nov 21 12:41:14 2026] [client 192.0.2.1] md0: x",
            "1 2026-11-03T02:11:07Z web1 app - - - md0: x", "[2026-11-03 02:11:07] md0: x",
            "2026/11/03 02:11:07 [error] 8#8: md0: x", #"{"level":"error","msg":"x"}"#,
            #"{"msg":"_TRANSPORT kernel"}"#, #"{"_TRANSPORT":"stdout","MESSAGE":"x"}"#,
            "level=error time=2026-11-03T02:11:07Z msg=x",
            "2026-11-03T02:11:07.5Z stderr F md0: x", "2026-11-03T02:11:07.5Z stderr F [  123.456789] md0: x",
            #"{"log":"[  123.456789] md0: x\n","stream":"stderr","time":"2026-11-03T02:11:07.5Z"}"#,
        ])
    func others(line: String) {
        #expect(!record(line).mayBeOfKernel && !record(line).isBare)
        #expect(!record(line, file: "/var/log/kern.log").mayBeOfKernel)
    }

    @Test(
        "a line with nothing before its text is the kernel's in the kernel's files",
        arguments: [
            ("/var/log/kern.log", true), ("/var/log/kern.log.1", true), ("/var/log/dmesg.0", true), ("dmesg", true),
            ("/var/crash/202611210241/dmesg.202611210241", true), ("/var/log/messages-20261121", true),
            ("/var/log/xen/console/guest-web1.log", true), ("/var/log/libvirt/qemu/web1-serial0.log", true),
            ("/srv/web1-console.log", true), ("/srv/ttyS0.log", true), ("-", false), ("/var/log/app.log", false),
            ("/var/log/exim4/mainlog", false), ("/var/log/kern/app.log", false),
            ("/var/log/wildfly/console.log", false),
            ("/srv/console", false), ("", false),
        ])
    func bare(file: String, expected: Bool) {
        for line in ["md0: x", "<3>md0: x", "WARNING: at x"] {
            #expect(record(line, file: file).isBare)
            #expect(record(line, file: file).mayBeOfKernel == expected, "\(line)")
        }
        #expect(record("kernel: md0: x", file: file).mayBeOfKernel)
    }

    @Test("a report of the kernel's over several lines is its own in any file")
    func report() {
        let text =
            "Unable to handle kernel paging request at virtual address 80b0f484\npgd = e78b78b5\n[80b0f484] *pgd=80a1141e(bad)"
        let first = String(text.prefix { $0 != "\n" })
        #expect(record(first, text: text).mayBeOfKernel)
        #expect(!record(first).mayBeOfKernel)
        let trace = "Exception in thread \"main\" a.B: Kernel panic - not syncing: x\n\tat a.B.c(B.java:1)"
        #expect(!record("Exception", text: trace).mayBeOfKernel)
    }
}
