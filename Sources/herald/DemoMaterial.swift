// What the demo feeds the daemons: log lines of five kinds, a resume, a message of a mailing list.

import Formats
import Platform

enum DemoMaterial {
    /// A fault, as some program's log line tells it.
    struct Fault: Sendable {
        var identifier: String
        var message: String

        /// As rsyslog writes it to a file (RFC 3164).
        func line(_ now: Timestamp) -> String { DemoMaterial.line(now, identifier, message) }
    }

    static let faults = [
        Fault(
            identifier: "kernel",
            message:
                "Out of memory: Killed process 2817 (mysqld) total-vm:5234512kB, anon-rss:3918220kB, file-rss:0kB, "
                + "shmem-rss:0kB, UID:112 pgtables:8412kB oom_score_adj:0"),
        Fault(identifier: "systemd[1]", message: "backup.service: Failed with result 'exit-code'."),
        Fault(
            identifier: "kernel",
            message:
                "EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #131074: comm rsync: reading directory lblock 0"
        ),
        Fault(
            identifier: "postgres[1903]",
            message: "[7-1] PANIC:  could not write to file \"pg_wal/xlogtemp.1903\": No space left on device"),
        Fault(
            identifier: "nginx",
            message: "[emerg] 812#812: bind() to 0.0.0.0:443 failed (98: Address already in use)"),
    ]

    /// A few lines that are none of anybody's business.
    static func ordinary(before fault: Fault) -> [String] {
        let now = SystemClock.now()
        return [
            line(now, "CRON[3120]", "(root) CMD (test -x /usr/sbin/anacron)"),
            line(now, "sshd[3122]", "Failed password for invalid user admin from 203.0.113.7 port 51112 ssh2"),
            line(now, fault.identifier, "all was well until now"),
        ]
    }

    private static func line(_ now: Timestamp, _ identifier: String, _ message: String) -> String {
        let time = CivilTime(now, utcOffset: SystemClock.utcOffset(at: now))
        let day = time.day < 10 ? " \(time.day)" : "\(time.day)"
        let clock = "\(pad(time.hour)):\(pad(time.minute)):\(pad(time.second))"
        return "\(CivilTime.monthNames[time.month - 1]) \(day) \(clock) web1 \(identifier): \(message)"
    }

    /// A message of a mailing list, which holds what looks like an application.
    static let listMessage = Array(
        """
        From: Jobs Digest <digest@lists.example.net>
        To: jobs@example.org
        Subject: Curriculum vitae of the week
        List-Id: <digest.lists.example.net>
        List-Unsubscribe: <mailto:digest-request@lists.example.net>
        Precedence: list
        Message-ID: <20261121.4711@lists.example.net>
        Date: Sat, 21 Nov 2026 08:00:00 +0000
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8

        Curriculum vitae

        Jane Example, jane@example.com
        Work experience: 2019-2026 system administrator.
        Education: BSc Computer Science.

        """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)

    /// A resume of one page, as a word processor's PDF export would have its text.
    static let resume = pdf([
        "Maria Gonzalez-Lindqvist", "System administrator", "maria.gonzalez@example.net  |  +34 600 000 000", "",
        "Profile", "Eleven years of Debian servers, from five to five hundred.", "", "Work experience",
        "2019 - 2026  Senior system administrator, Example Hosting, Valencia",
        "2015 - 2019  System administrator, Example University", "", "Education",
        "2011 - 2015  BSc Computer Science, Example University", "", "Skills",
        "systemd, PostgreSQL, nginx, Ansible, Ceph", "", "Languages", "Spanish, Swedish, English",
    ])

    /// The smallest PDF that shows lines of text in Helvetica (ISO 32000-1, 7.5).
    private static func pdf(_ lines: [String]) -> [UInt8] {
        var content = "BT /F1 11 Tf 60 780 Td 15 TL\n"
        for line in lines {
            let escaped = line.map { "()\\".contains($0) ? "\\\($0)" : String($0) }.joined()
            content += "(\(escaped)) Tj T*\n"
        }
        content += "ET\n"
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                + "/Resources << /Font << /F1 5 0 R >> >> >>",
            "<< /Length \(content.utf8.count) >>\nstream\n\(content)endstream",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        ]
        var file = "%PDF-1.4\n"
        var offsets: [Int] = []
        for (index, object) in objects.enumerated() {
            offsets.append(file.utf8.count)
            file += "\(index + 1) 0 obj\n\(object)\nendobj\n"
        }
        let table = file.utf8.count
        file += "xref\n0 \(objects.count + 1)\n0000000000 65535 f \n"
        for offset in offsets { file += pad(offset, 10) + " 00000 n \n" }
        file += "trailer\n<< /Size \(objects.count + 1) /Root 1 0 R >>\nstartxref\n\(table)\n%%EOF\n"
        return Array(file.utf8)
    }
}
