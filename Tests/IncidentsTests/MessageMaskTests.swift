// What varies is masked, what names the fault stays.

import Formats
import Testing

@testable import Incidents

@Suite struct MessageMaskTests {
    @Test(arguments: [
        ("Out of memory: Killed process 812 (mysqld)", "Out of memory: Killed process # (mysqld)"),
        ("connect to 192.168.1.17:5432 failed", "connect to #:# failed"),
        ("connect to fe80::1a2b:3c4d:5e6f failed", "connect to # failed"),
        ("connect to [::1]:5432 failed", "connect to [#]:# failed"),
        ("from fe80::1%eth0 port 22", "from # port #"),
        ("link 00:1a:2b:3c:4d:5e down", "link # down"),
        ("link 00-1a-2b-3c-4d-5e down", "link # down"),
        ("link 001a.2b3c.4d5e down", "link # down"),
        ("at 12:41:14 it stopped", "at # it stopped"),
        ("Nov 21 12:41:14 it stopped", "# it stopped"),
        ("Sat Nov 21 12:41:14 2026 it stopped", "# it stopped"),
        ("Sat, 21 Nov 2026 12:41:14 +0100 it stopped", "# it stopped"),
        ("[21/Nov/2026:12:41:14 +0000] it stopped", "[#] it stopped"),
        ("2026-11-21T12:41:14.123Z it stopped", "# it stopped"),
        ("2026-11-21 12:41:14,123 it stopped", "# it stopped"),
        ("2026/11/21 it stopped", "# it stopped"),
        ("Nov went by", "Nov went by"),
        ("May fail", "May fail"),
        ("job 550e8400-e29b-41d4-a716-446655440000 died", "job # died"),
        ("BUG: at ffffffff81234abc", "BUG: at #"),
        ("flags 0x140cca", "flags #"),
        ("dead beef feed", "dead beef feed"),
        ("request a8Xk29Qz77 failed", "request # failed"),
        ("took 12ms, 3.5 s, 1h2m3.5s", "took #, # s, #"),
        ("98% of 4.2GiB used", "# of # used"),
        ("the 3rd and the 22nd try", "the # and the # try"),
        ("to <jane.doe+x@mail.example.org>: refused", "to <#>: refused"),
        ("getty@tty1 failed", "getty@tty# failed"),
        ("pod nginx-7d8b49557c-x8z2l failed", "pod nginx-#-# failed"),
        ("cannot open \"/srv/a b/1.txt\"", "cannot open \"#\""),
        ("cannot open 'x y'", "cannot open \"#\""),
        ("error near `SELECT 1'", "error near \"#\""),
        ("cannot stat ‘/a/b’: gone", "cannot stat \"#\": gone"),
        ("I can't and won't 7", "I can't and won't #"),
        ("open /var/log/app-7/error.log: denied", "open /var/log/app-#/error.log: denied"),
        ("open /proc/812/status: denied", "open /proc/#/status: denied"),
        ("open /tmp/phpAbCdEf, then", "open /tmp/#, then"),
        ("in /srv/sessions/sess_a8f3kd92ls0x", "in /srv/sessions/sess_#"),
        ("mount /dev/sda1 failed 7 times", "mount /dev/sda1 failed # times"),
        ("sda    1   2", "sda # #"),
        ("device sda1 and sdb2", "device sda1 and sdb2"),
        ("md/raid1:md127: Disk failure on nvme0n1p2, 2 left", "md/raid#:md127: Disk failure on nvme0n1p2, # left"),
        ("JBD2: error 5 on dm-3-8.", "JBD#: error # on dm-3-#."),
        ("open '/dev/mapper/vg0-root', 12", "open '/dev/mapper/vg0-root', #"),
        ("bond0: (slave enp3s0f1): link down, eth0.100 too", "bond0: (slave enp3s0f1): link down, eth0.# too"),
        ("/dev/loop12, /dev/pts/3 and '/dev/tty1'", "/dev/loop#, /dev/pts/# and \"#\""),
        ("veth1a2b3c4 tap1001i0 loop7 CPU3 cpu12", "# # loop# CPU# cpu#"),
        ("sda12345 md20261121 eth4711x xdm-3 dm-3x", "sda# md# eth#x xdm-# dm-#x"),
        ("a : b :: c", "a : b :: c"),
        ("", ""),
    ])
    func `The variable parts become one sign`(message: String, masked: String) {
        #expect(String(decoding: MessageMask.masked(Array(message.utf8)), as: UTF8.self) == masked)
    }

    @Test func `Bytes that are no text are kept apart, and nothing beyond the limit counts`() {
        #expect(MessageMask.masked([0xff, 0x00, 0x31]) != MessageMask.masked([0xfe, 0x00, 0x31]))
        let long = Array(repeating: UInt8(ascii: "x"), count: MessageMask.limit)
        #expect(MessageMask.masked(long + [UInt8(ascii: "y")]) == MessageMask.masked(long + [UInt8(ascii: "z")]))
    }

    @Test(arguments: [[UInt8]("'".utf8), [UInt8]("\"\\".utf8), [UInt8]("/".utf8), [UInt8](":".utf8), [0x00], [0xff]])
    func `Ends in the middle of anything are no end of us`(piece: [UInt8]) {
        for count in 1...40 {
            let message = Array(repeatElement(piece, count: count).joined())
            #expect(MessageMask.masked(message).count <= message.count * 3)
        }
    }
}
