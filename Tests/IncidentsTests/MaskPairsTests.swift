// Two lines of one fault are one incident, two lines of two faults are two: pairs as logs have them.

import Testing

@testable import Incidents

@Suite struct MaskPairsTests {
    private func masked(_ text: String) -> String {
        String(decoding: MessageMask.masked(Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        (
            "connect() to 10.0.0.7:8080 failed (111: Connection refused)",
            "connect() to 10.12.0.211:80 failed (111: Connection refused)"
        ),
        ("lost connection to 192.0.2.1", "lost connection to 2001:db8::17"),
        ("sshd: fatal: mm_answer from 198.51.100.4 port 51422", "sshd: fatal: mm_answer from 203.0.113.77 port 60000"),
        (
            "nf_conntrack: nf_conntrack: table full, dropping packet 12",
            "nf_conntrack: nf_conntrack: table full, dropping packet 90211"
        ),
        ("ata3.00: failed command: READ FPDMA QUEUED", "ata5.01: failed command: READ FPDMA QUEUED"),
        (
            "EXT4-fs error (device sda1): ext4_lookup:1617: inode #131073",
            "EXT4-fs error (device sda1): ext4_lookup:1618: inode #7"
        ),
        (
            "PANIC: could not write to file \"pg_wal/xlogtemp.812\"",
            "PANIC: could not write to file \"pg_wal/xlogtemp.90\""
        ),
        ("ERROR: relation \"users\" does not exist", "ERROR: relation \"orders\" does not exist"),
        ("rename '/srv/a' to '/srv/b' failed", "rename '/srv/long name' to '/x' failed"),
        ("job 3f2a9c failed after 1.5s", "job 77e0b1 failed after 340ms"),
        (
            "request 550e8400-e29b-41d4-a716-446655440000 timed out",
            "request 123e4567-e89b-12d3-a456-426614174000 timed out"
        ),
        ("container 4f5a8c0d9e1b died", "container 9c8b7a6d5e4f3a2b1c0d died"),
        (
            "Back-off restarting failed container in pod api-6c9f8b7d4-2xk9p",
            "Back-off restarting failed container in pod api-7b6d5c9f88-qq8zt"
        ),
        ("2026-11-21 03:10:22,101 worker stopped", "2026-11-22 14:00:01,007 worker stopped"),
        ("Last run: Mon Nov  2 03:10:22 2026", "Last run: Tue Dec 15 23:59:59 2026"),
        ("backup of 2026-11-20 failed", "backup of 2026-11-21 failed"),
        ("used 91% of /srv", "used 100% of /srv"),
        ("wrote 12.5GiB in 3h12m", "wrote 800MiB in 59m"),
        ("cannot read /proc/4211/fd/17", "cannot read /proc/9/fd/3"),
        ("cannot write /tmp/tmp.Xa81kQ/out", "cannot write /tmp/tmp.bbCCdd/err"),
        (
            "no space left: /var/lib/app/cache/9f86d081884c7d65/blob",
            "no space left: /var/lib/app/cache/2c26b46b68ffc68f/blob"
        ),
        ("session session-c2.scope failed", "session session-c117.scope failed"),
        ("mail to <anna@example.org> bounced", "mail to <bob.c@sub.example.net> bounced"),
        ("eth0: link 00:16:3e:11:22:33 lost", "eth0: link 00:16:3e:aa:bb:cc lost"),
        (
            "BUG: unable to handle page fault at ffff88810a2b3c4d",
            "BUG: unable to handle page fault at ffffc90000012345"
        ),
        ("general protection fault at 0xdeadbeef", "general protection fault at 0x10"),
        ("attempt 1 of 5", "attempt 4 of 5"),
        ("nginx[812]: worker process 813 exited on signal 11", "nginx[4]: worker process 71234 exited on signal 6"),
        ("cannot open ‘/etc/a’", "cannot open ‘/etc/b c’"),
        ("token eyJ0eXAi0iJKV1Qi9 is not valid", "token 8a7X6bQ5c4Z3d2W1 is not valid"),
    ])
    func `What varies does not make two of one`(one: String, other: String) { #expect(masked(one) == masked(other)) }

    @Test(arguments: [
        ("Out of memory: Killed process 812 (mysqld)", "Out of memory: Killed process 812 (nginx)"),
        ("EXT4-fs error (device sda1)", "EXT4-fs error (device sdb1)"),
        ("mount of /srv failed", "mount of /home failed"),
        ("cannot write /var/log/app.log", "cannot write /var/log/web.log"),
        ("mount /dev/sda1 failed", "mount /dev/sdb1 failed"),
        ("Connection refused", "Connection reset by peer"),
        ("unit nginx.service failed", "unit apache2.service failed"),
        ("disk is full", "disk is not full"),
        ("link down", "link up"),
        ("read error", "write error"),
        ("certificate of example.org expires", "certificate of example.net expires"),
        ("java.lang.NullPointerException at Foo", "java.lang.OutOfMemoryError at Foo"),
        ("panic: runtime error: index out of range", "panic: runtime error: nil map"),
        ("ECONNREFUSED", "ECONNRESET"),
        ("May fail", "Might fail"),
        ("user alice locked", "user bob locked"),
        ("interface eth0 down", "interface wlan0 down"), ("eth0: link lost", "eth1: link lost"),
        ("EXT4-fs error (device sda1)", "EXT4-fs error (device sda2)"),
        ("Fail event detected on md device /dev/md0", "Fail event detected on md device /dev/md1"),
        ("md0: Disk failure", "md1: Disk failure"), ("I/O error on nvme0n1", "I/O error on nvme1n1"),
        ("Buffer I/O error on dev dm-3", "Buffer I/O error on dev dm-4"),
        ("cannot open '/dev/sdb'", "cannot open '/dev/sdc'"),
        ("[crit] worker", "[emerg] worker"),
        ("deadbeat cafe", "facade cafe"),
    ])
    func `What names the fault keeps two apart`(one: String, other: String) { #expect(masked(one) != masked(other)) }

    @Test func `Of any bytes whatever the mask makes no more than three times as many`() {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var state = seed
        let alphabet = Array("0123456789abcdefXYZ:.-/@'\"`‘’ ,+%#_TZNovSatµ".utf8) + [0, 0xff, 0xc2, 0x0a]
        for _ in 0..<3000 {
            let text = (0..<60).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            let once = MessageMask.masked(text)
            #expect(once.count <= text.count * 3, "seed \(seed)")
        }
    }
}
