// What varies is masked, what names the fault stays.

import Formats
import Testing

@testable import Incidents

@Suite struct MessageMaskTests {
    @Test(arguments: [
        ("Out of memory: Killed process 812 (mysqld)", "Out of memory: Killed process # (mysqld)"),
        ("connect to 192.168.1.17:5432 failed", "connect to #.#.#.#:# failed"),
        ("connect to fe80::1a2b:3c4d:5e6f failed", "connect to # failed"),
        ("link 00:1a:2b:3c:4d:5e down", "link # down"),
        ("at 12:41:14 it stopped", "at # it stopped"),
        ("Nov 21 12:41:14 it stopped", "# # # it stopped"),
        ("Nov went by", "Nov went by"),
        ("job 550e8400-e29b-41d4-a716-446655440000 died", "job # died"),
        ("BUG: at ffffffff81234abc", "BUG: at #"),
        ("flags 0x140cca", "flags #"),
        ("dead beef feed", "dead beef feed"),
        ("request a8Xk29Qz77 failed", "request # failed"),
        ("cannot open \"/srv/a b/1.txt\"", "cannot open \"#\""),
        ("cannot open 'x y'", "cannot open \"#\""),
        ("error near `SELECT 1'", "error near \"#\""),
        ("I can't and won't 7", "I can't and won't #"),
        ("open /var/log/app-7/error.log: denied", "open /var/log/#/error.log: denied"),
        ("open /tmp/phpAbCdEf, then", "open /tmp/#, then"),
        ("sda    1   2", "sda # #"),
        ("device sda1 and sdb2", "device sda# and sdb#"),
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
