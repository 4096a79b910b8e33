// What the settings name no more is not caught up with when they name it again.

import Formats
import LogSources
import Platform
import Records
import Settings
import Testing

@testable import Watching

@Suite struct RetiredSourceTests {
    private let folder: WatcherFolder

    init() throws { folder = try WatcherFolder() }

    private func watch(_ directories: [String], files: Bool = true) throws -> Settings.Watch {
        var watch = try folder.settings().watch
        watch.journal.directories = directories
        if !files { watch.files = [] }
        return watch
    }

    @Test func `Positions in journals are marked when these are no longer named, and theirs in files of journals go`()
        throws
    {
        let row = SourceCheckpoint.journal(JournalCheckpoint(place: "/a", cursor: "s=1"))
        let file = SourceCheckpoint.journalFile(
            JournalFileCheckpoint(place: "/a", file: "f", sequenceID: "s", sequence: 7))
        let kept = SourceSet(try watch(["/a"]), checkpoints: [row, file])
        #expect(kept.retired.isEmpty && kept.forgotten.isEmpty)
        let gone = SourceSet(try watch(["/b"]), checkpoints: [row, file])
        #expect(gone.retired.map(\.key) == [row.key] && gone.forgotten == [file.key])
        let stored = try #require(gone.retired.first.flatMap { SourceCheckpoint(text: $0.text) })
        guard case .journal(let journal) = stored else {
            Issue.record("another checkpoint came back")
            return
        }
        #expect(journal.isRetired)
        // Marked once.
        let again = SourceSet(try watch(["/b"]), checkpoints: [stored])
        #expect(again.retired.isEmpty && again.forgotten.isEmpty)
    }

    @Test
    func `A journal that was switched off for months goes on from now when it is switched on, and tells nothing twice`()
        throws
    {
        let place = folder.path + "/journal"
        try Files.makeDirectories(place)
        let hit = "MESSAGE=Out of memory: Killed process 812 (mysqld) total-vm:1kB"
        func run(_ named: Bool, _ entries: [[String]]) throws {
            var settings = try folder.settings()
            settings.watch.journal.directories = named ? [place] : []
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            try JournalIncidentTests.write(entries, to: place + "/a.journal")
            folder.pass(.seconds(600))
            watcher.settle(folder)
            watcher.keep(at: folder.time, evenCheckpointsAlone: true)
        }
        try run(true, [["MESSAGE=one"], [hit]])
        #expect(try folder.newHits() == 1)
        try run(false, [[hit], [hit]])
        folder.pass(.seconds(90 * 86400))
        #expect(try folder.newHits() == 1)
        try run(true, [[hit]])
        #expect(try folder.newHits() == 2)
    }

    @Test func `When no file is named any more, all their positions go`() throws {
        do {
            let watcher = try folder.watcher()
            watcher.settle(folder)
            try folder.append(WatcherTests.oom)
            watcher.settle(folder)
            watcher.keep(at: folder.time, evenCheckpointsAlone: true)
            #expect(try watcher.store.checkpoints().count == 2)
        }
        var settings = try folder.settings()
        settings.watch.files = []
        do {
            let watcher = try folder.watcher(settings)
            watcher.settle(folder)
            watcher.keep(at: folder.time, evenCheckpointsAlone: true)
            #expect(try watcher.store.checkpoints().isEmpty)
        }
        try folder.append(WatcherTests.oom)
        folder.pass(.seconds(90 * 86400))
        try folder.watcher().settle(folder)
        #expect(try folder.newHits() == 1)
    }
}
