import Formats
import Records
import Testing

private let context = LineContext(readAt: Timestamp(seconds: 1_795_264_874))

private func texts(_ batch: RecordBatch) -> [String] {
    (0..<batch.count).map { String(decoding: batch.text(at: $0), as: UTF8.self) }
}

@Suite struct RecordBatchTests {
    @Test("a block is split at its newlines, blank lines and an unterminated last one included")
    func split() {
        let batch = RecordBatch(lines: Array("a\n\nb b\nc".utf8), source: .file("x"), context: context)
        #expect(texts(batch) == ["a", "", "b b", "c"])
        #expect(batch.bytes.last == 0x0a)
        #expect(RecordBatch(lines: [], source: .file("x"), context: context).count == 0)
    }

    @Test("a byte of the block names its record; behind the last there is none")
    func indexOfByte() {
        let batch = RecordBatch(lines: Array("ab\n\ncd\n".utf8), source: .file("x"), context: context)
        #expect((0..<8).map { batch.index(ofByte: $0) } == [0, 0, 0, 1, 2, 2, 2, nil])
    }

    @Test("messages of JSON lines are decoded before the scan sees them, and the record still has its line")
    func decoded() {
        let lines = #"""
            {"log":"first \"one\"\n","stream":"stdout","time":"2026-11-21T12:41:14Z"}
            {"log":"\u00e4\n","stream":"stderr","time":"2026-11-21T12:41:15Z"}
            {"msg":"a\nb"}
            not json

            """#
        var decoding = context
        decoding.format = .json
        let batch = RecordBatch(lines: Array(lines.utf8), source: .file("x"), context: decoding)
        #expect(texts(batch) == ["first \"one\"", "ä", "a\nb", "not json"])
        #expect(batch.record(at: 0).message == Array("first \"one\"".utf8))
        #expect(batch.record(at: 1).raw.starts(with: Array(#"{"log""#.utf8)))
        #expect(batch.index(ofByte: batch.ranges[2].lowerBound + 2) == 2)
    }

    @Test("what patterns see is in what the scan saw, for every format and line", arguments: LineFormat.allCases)
    func superset(format: LineFormat) {
        let lines = [
            "Nov 21 12:41:14 web1 kernel: [ 1.234567] oops",
            #"{"log":"{\"msg\":\"in\\nner\"}\n","stream":"a","time":"2026-11-21T12:41:14Z"}"#,
            #"{"msg":"x","error":{"a":"b"}}"#, #"2026-11-21T12:41:14Z stdout F {"msg":"q\"q"}"#,
            #"{"log":"x","other":1}"#, #"{"log":"x\n","stream":"a"}"#,
        ]
        var using = context
        using.format = format
        let batch = RecordBatch(
            lines: Array((lines.joined(separator: "\n") + "\n").utf8), source: .file("x"), context: using)
        for index in 0..<batch.count where format.isDecoded {
            let message = String(decoding: batch.record(at: index).message, as: UTF8.self)
            #expect(texts(batch)[index].hasSuffix(message))
        }
        #expect(batch.count == lines.count)
    }

    @Test(
        "a file's format is chosen by its first line",
        arguments: [
            (#"{"log":"x"}"#, LineFormat.json), ("\n \n{\"a\":1}", .json), ("Nov 21 12:41:14 x", .auto), ("", .auto),
            (#"2026-11-21T12:41:14.5Z stdout F {"msg":"x"}"#, .cri), ("2026-11-21T12:41:14.5Z stdout F text", .auto),
        ])
    func recognised(head: String, format: LineFormat) {
        #expect(LineFormat.recognised(in: Array(head.utf8)) == format)
    }

    @Test("journal entries keep repeated and binary fields, in order, and the mapped ones")
    func journal() {
        var entries = JournalEntries()
        entries.beginEntry(time: Timestamp(seconds: 5))
        for field in ["_PID=1", "_UID=0", "UNIT=a.service", "_SYSTEMD_UNIT=init.scope", "PRIORITY=2", "X=1", "X=2"] {
            entries.append(field)
        }
        [UInt8]("BIN=".utf8 + [0, 0x0a, 0xff]).withUnsafeBytes { entries.append($0) }
        entries.beginEntry(time: Timestamp(seconds: 6))
        entries.append("MESSAGE_ID=abc")
        entries.append("PRIORITY=77")
        let batch = RecordBatch(
            source: .journal(""), bytes: Array("one\n\n".utf8), ranges: [0..<3, 4..<4], origin: .journal(entries))
        let first = batch.record(at: 0)
        #expect(first.unit == "a.service" && first.pid == 1 && first.uid == 0 && first.priority == 2)
        #expect(first.values(of: "unit") == [Array("a.service".utf8), Array("init.scope".utf8)])
        #expect(first.values(of: "X") == [[0x31], [0x32]])
        #expect(first.values(of: "BIN") == [[0, 0x0a, 0xff]])
        #expect(batch.priority(at: 0) == 2 && batch.priority(at: 1) == nil)
        #expect(batch.messageID(at: 0) == nil && batch.messageID(at: 1) == "abc")
        #expect(batch.record(at: 1).message.isEmpty)
    }

    @Test("a journal's field is found without a record, and entries can be taken back")
    func journalValues() {
        var entries = JournalEntries()
        for number in 0..<3 {
            entries.beginEntry(time: Timestamp(seconds: Int64(number)))
            for field in ["_TRANSPORT=t\(number)", "X=1", "X=2", "EMPTY=", "no equals sign"] { entries.append(field) }
        }
        entries.keepFirst(2)
        #expect(entries.value(of: "_TRANSPORT", at: 1).map(Array.init) == Array("t1".utf8))
        #expect(entries.value(of: "X", at: 0).map(Array.init) == Array("1".utf8))
        #expect(entries.value(of: "EMPTY", at: 0)?.isEmpty == true)
        #expect(entries.value(of: "_TRANSPOR", at: 0) == nil)
        let record = entries.record(at: 1, source: .journal(""), message: [])
        #expect(record.fields.map(\.name) == ["_TRANSPORT", "X", "X", "EMPTY", ""])
        #expect(entries.count == 2)
        entries.removeAll()
        #expect(entries.count == 0 && entries.size == 0)
    }

    @Test("a line of a file is not asked what only journald vouches for")
    func has() {
        let file = Record(source: .file("/x"), message: [])
        #expect(["transport", "unit", "uid", "message_id", "_EXE"].allSatisfy { !file.has(field: $0) })
        #expect(["identifier", "host", "pid", "priority", "file"].allSatisfy { file.has(field: $0) })
        #expect(Record(source: .journal(""), message: []).has(field: "transport"))
        #expect(file.values(of: "file") == [Array("/x".utf8)])
    }
}

@Suite struct CheckpointTests {
    @Test("a checkpoint is read back as it was written")
    func roundTrip() {
        var file = FileCheckpoint(path: "/var/log/ä \"x\"", device: .max, inode: 7)
        file.offset = 1 << 40
        file.marks.noteHead(Array("first line of the log\n".utf8))
        file.marks.noteRead(TextMark(offset: 1 << 40, checksum: .max))
        (file.skipsLine, file.isFinished, file.mayHaveGrown, file.isPassedOver) = (true, true, true, true)
        file.seen = Timestamp(microseconds: 12)
        let all: [SourceCheckpoint] = [
            .file(file), .journal(JournalCheckpoint(place: "", cursor: "s=1;i=2")),
            .pattern("/var/log/*.log", since: Timestamp(microseconds: 5)),
            .journalFile(JournalFileCheckpoint(place: "/x", file: "ab", sequenceID: "cd", sequence: .max)),
        ]
        for checkpoint in all { #expect(SourceCheckpoint(text: checkpoint.text) == checkpoint) }
        #expect(Set(all.map(\.key)).count == all.count)
    }

    @Test("what is no checkpoint is refused", arguments: ["", "{}", "[1]", #"{"path":"x","offset":-1}"#])
    func refused(text: String) { #expect(SourceCheckpoint(text: text) == nil) }

    @Test("the newest word on a key is the only one outside the deliveries")
    func output() {
        let file = SourceCheckpoint.file(FileCheckpoint(path: "a", device: 1, inode: 1))
        var output = SourceOutput()
        output.forget(file.key)
        output.move(file)
        #expect(output.forgotten.isEmpty && output.checkpoints == [file])
        output.deliver(
            RecordBatch(lines: [], source: .file("a"), context: context), file, isAgeTrusted: false)
        #expect(output.checkpoints.isEmpty && output.deliveries.count == 1)
        output.forget(file.key)
        #expect(output.forgotten == [file.key])
    }
}
