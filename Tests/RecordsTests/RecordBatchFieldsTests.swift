import Formats
import Records
import Testing

@Suite struct RecordBatchFieldsTests {
    private static let fields = [
        "transport", "identifier", "host", "uid", "pid", "priority", "message_id", "file", "unit", "MESSAGE", "MSGID",
        "ex@1.key", "stream", "_SYSTEMD_UNIT", "UNIT", "_COMM", "CODE", "NOTHING",
    ]

    static let lines = [
        "Nov 21 12:41:14 web1 sshd[812]: message", "Nov 21 12:41:14 app: message\r", "<34>Nov  1 12:41:14 h su: x",
        "2026-11-21T12:41:14.123456+00:00 a-host-with-a-long-name.example.org kernel: [  12.345678] message",
        "<165>1 2026-11-21T12:41:14Z h app 12 ID7 [ex@1 key=\"a \\\" b\" other=\"\"] text",
        "2026/11/21 12:41:14 [error] 812#812: *1 refused",
        "2026-11-21 12:41:14.123 UTC [812] app@db ERROR:  no such table",
        "812:M 21 Nov 2026 12:41:14.123 # Out of memory", "[Sat Nov 21 12:41:14.123456 2026] [core:error] [pid 8] x",
        "E1121 12:41:14.123456   812 file.go:12] message", "2026-11-21T12:41:14.1Z stderr F Nov 21 12:41:14 h a[1]: x",
        "[    0.000000] Linux version", "no header at all", "", "\r\r", "Nov 21 12:41:14", "Feb 30 12:41:14 h a: x",
        "Nov 21 12:41:14 web1 sshd[99999999999]: x", "Nov 21 12:41:14 web1 sshd[-1]: x",
        "Nov 21 12:41:14 web1 sshd[+1]: x",
    ]

    @Test("a line asked where it stands says what its record says", arguments: ["", "first line\n", "\n\n"])
    func line(before: String) throws {
        let context = LineContext(readAt: Timestamp(seconds: 1_795_264_874), utcOffset: 3600)
        let text = before + Self.lines.joined(separator: "\n")
        let batch = RecordBatch(lines: Array(text.utf8), source: .file("/var/log/x"), context: context)
        for index in 0..<batch.count {
            let header: LineHeader = try #require(batch.header(at: index))
            compare(batch, index, header)
        }
    }

    @Test("a line with a header of syslog says the same of its outline", arguments: ["", "first line\n", "\n\n"])
    func outlined(before: String) throws {
        let context = LineContext(readAt: Timestamp(seconds: 1_795_264_874), utcOffset: 3600)
        let text = before + Self.lines.joined(separator: "\n")
        let batch = RecordBatch(lines: Array(text.utf8), source: .file("/var/log/x"), context: context)
        var reader = try #require(OutlineReader(batch))
        var count = 0
        for (index, range) in batch.ranges.enumerated() {
            guard let outline = batch.bytes.withUnsafeBytes({ reader.outline(of: range, in: $0) }) else { continue }
            count += 1
            let record = batch.record(at: index)
            #expect(outline.time == record.time)
            #expect(Array(batch.bytes[batch.message(at: index, outline)]) == record.message)
            for field in Self.fields {
                #expect(RecordBatch.hasInSyslog(field: field) == record.has(field: field), "\(index) \(field)")
                let value = batch.value(of: field, at: index, outline).map { Array($0) }
                #expect(value == record.values(of: field).first, "\(index) \(field)")
            }
        }
        #expect(count == 6)
    }

    @Test("a line that has to be decoded is not asked where it stands")
    func decoded() {
        var context = LineContext(readAt: Timestamp(seconds: 1_795_264_874))
        let line = Array(#"{"msg":"x","host":"h"}"#.utf8)
        #expect(RecordBatch(lines: line, source: .file("x"), context: context).header(at: 0) == nil)
        context.format = .json
        #expect(RecordBatch(lines: line, source: .file("x"), context: context).header(at: 0) == nil)
    }

    @Test("an entry of the journal asked where it stands says what its record says")
    func entry() {
        let entries: [[String]] = [
            ["_HOSTNAME=web1", "SYSLOG_IDENTIFIER=sshd", "_PID=812", "_UID=0", "PRIORITY=2", "_TRANSPORT=syslog"],
            ["_COMM=app", "_SYSTEMD_UNIT=a.service", "_SYSTEMD_UNIT=b.service", "CODE=1", "CODE=2", "MESSAGE_ID=x"],
            ["_PID=1", "_UID=0", "UNIT=c.service", "_SYSTEMD_UNIT=init.scope", "PRIORITY=9", "CODE", "CODEX=1"],
            ["_PID=01", "_UID=+0", "UNIT=c.service", "_SYSTEMD_UNIT=init.scope"], ["_UID=x", "UNIT=d.service"], [],
            ["_PID=11", "_UID=0", "UNIT=e.service", "_SYSTEMD_UNIT=init.scope"],
            ["_PID=1", "_UID=0", "_SYSTEMD_UNIT=f"],
        ]
        var store = JournalEntries()
        for (number, fields) in entries.enumerated() {
            store.beginEntry(time: Timestamp(seconds: Int64(number)))
            for field in fields { store.append(field) }
        }
        let bytes = Array(String(repeating: "m\n", count: entries.count).utf8)
        let batch = RecordBatch(
            source: .journal(""), bytes: bytes, ranges: entries.indices.map { $0 * 2..<$0 * 2 + 1 },
            origin: .journal(store))
        for index in entries.indices {
            compare(batch, index, nil)
            let record = batch.record(at: index)
            #expect(store.uid(at: index) == record.uid)
            #expect(store.unit(at: index).map { String(decoding: $0, as: UTF8.self) } == record.unit)
        }
    }

    private func compare(_ batch: RecordBatch, _ index: Int, _ header: LineHeader?) {
        let record = batch.record(at: index)
        #expect(batch.time(at: index, header) == record.time)
        #expect(Array(batch.bytes[batch.message(at: index, header)]) == record.message)
        for field in Self.fields {
            #expect(batch.has(field: field, at: index, header) == record.has(field: field), "\(index) \(field)")
            #expect(batch.values(of: field, at: index, header) == record.values(of: field), "\(index) \(field)")
        }
    }
}
