// Journal files: whoever may write to a collector can put any bytes there, and disks damage them. Most of a journal file is
// tables, so an input is a list of changes to a whole file, which the script makes with systemd-journal-remote.

import Formats
import Glibc
import LogSources
import Platform
import Records

@MainActor enum JournalTarget {
    private static let folder = getenv("HERALD_FUZZ_FOLDER").map { String(cString: $0) } ?? ".build"

    /// The file's bytes but for the empty end, and its size.
    private static let whole: (bytes: [UInt8], size: Int) = {
        let path = getenv("HERALD_FUZZ_JOURNAL").map { String(cString: $0) } ?? ""
        guard let bytes = try? Files.read(path) else {
            print("HERALD_FUZZ_JOURNAL names no journal file: '\(path)'")
            exit(2)
        }
        let used = bytes.lastIndex { $0 != 0 } ?? 0
        return (Array(bytes[...used]), bytes.count)
    }()

    /// Changes: where (three bytes), how many (one), to what. Then the folder is read to its end, in a bounded number of steps.
    static func patched(_ input: [UInt8]) {
        var input = InputReader(input)
        var bytes = whole.bytes
        var size = whole.size
        while !input.isEmpty {
            let place = (0..<3).reduce(0) { sum, _ in sum << 8 | Int(input.byte()) }
            let count = Int(input.byte())
            if count == 255 {
                size = place  // cut off there
                continue
            }
            for (index, byte) in input.bytes(count % 32).enumerated() where place + index < bytes.count {
                bytes[place + index] = byte
            }
        }
        let path = folder + "/a.journal"
        guard let file = try? Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC),
            (try? file.write(bytes.prefix(size))) != nil, ftruncate(file.number, size) == 0
        else { return }
        var options = JournalReader.Options(place: folder)
        options.start = .beginning
        let reader = JournalFolder(options, checkpoints: [])
        var clock = Duration.seconds(1000)
        for _ in 0..<50 {
            clock += .seconds(20)
            let output = reader.read(at: SourceTime(monotonic: clock, wall: Timestamp(seconds: 1_795_264_874)))
            for delivery in output.deliveries {
                for index in 0..<delivery.batch.count { _ = delivery.batch.record(at: index) }
                check(SourceCheckpoint(text: delivery.checkpoint.text) == delivery.checkpoint, "a checkpoint")
            }
            if reader.isIdle { break }
        }
        _ = reader.status
        unlink(path)
    }
}
