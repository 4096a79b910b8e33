// A source that cannot be read for long is told, once, and its end as well.

import Control
import Formats
import Glibc
import Incidents
import LogSources
import Mail
import Platform
import Settings
import Testing

@testable import Watching

@Suite struct SourceOutageTests {
    private let folder: WatcherFolder

    init() throws { folder = try WatcherFolder() }

    private func path(_ name: String) -> String { folder.path + "/other/" + name }

    private func settings(_ names: [String], _ disabled: [String] = []) throws -> Settings {
        var settings = try folder.settings(more: names.map { "{path: \(path($0))}" }.joined(separator: ", "))
        settings.watch.disabledRules = disabled
        return settings
    }

    private func outages(_ watcher: Watcher) -> [Incident] {
        watcher.book.openIncidents.filter { $0.rule.id.hasSuffix("-unreadable") }
    }

    /// Minutes at work.
    private func work(_ watcher: Watcher, minutes: Int) {
        for _ in 0..<minutes * 2 {
            folder.pass(.seconds(30))
            watcher.settle(folder)
        }
    }

    private func subjects() throws -> [String] {
        try folder.letters().compactMap { ParsedMessage($0.message).header("Subject") }
    }

    @Test func `A file that is never found is told after some minutes, and when it comes`() throws {
        let watcher = try folder.watcher(try settings(["a.log"]))
        watcher.settle(folder)
        work(watcher, minutes: 4)
        #expect(outages(watcher).isEmpty)
        work(watcher, minutes: 5)
        let outage = try #require(outages(watcher).first)
        #expect(outage.rule.id == "herald-file-unreadable" && outage.title == "Herald cannot read \(path("a.log"))")
        let letter = try #require(try folder.letters().first)
        #expect(ParsedMessage(letter.message).text.contains("it is not there"))
        work(watcher, minutes: 60)
        #expect(try folder.letters().count == 1 && outages(watcher).first?.hits == 1)

        try Files.makeDirectories(folder.path + "/other")
        try Files.write([], to: path("a.log"))
        work(watcher, minutes: 2)
        #expect(outages(watcher).isEmpty)
        #expect(try subjects().filter { $0.hasPrefix("[recovered]") }.count == 1)
        let last = try #require(
            try folder.letters().map { ParsedMessage($0.message) }.first {
                $0.header("X-Herald-Report") == "recovered"
            })
        #expect(last.text.split(separator: "\n").joined(separator: " ").contains("Nothing keeps Herald from reading"))
        #expect(!last.text.contains("The log says"))
    }

    @Test func `What is away for a moment, as in a rotation, is not told`() throws {
        try Files.makeDirectories(folder.path + "/other")
        let watcher = try folder.watcher(try settings(["a.log"]))
        for _ in 0..<5 {
            try Files.write([], to: path("a.log"))
            work(watcher, minutes: 2)
            try Files.remove(path("a.log"))
            work(watcher, minutes: 4)
        }
        #expect(outages(watcher).isEmpty)
    }

    @Test func `A restart neither ends nor doubles it; what was mended meanwhile is over`() throws {
        let settings = try settings(["a.log", "b.log"])
        do {
            let watcher = try folder.watcher(settings)
            work(watcher, minutes: 9)
            #expect(outages(watcher).count == 2)
        }
        try Files.makeDirectories(folder.path + "/other")
        try Files.write([], to: path("b.log"))
        let watcher = try folder.watcher(settings)
        work(watcher, minutes: 30)
        #expect(outages(watcher).map(\.origin.source) == [path("a.log")])
        #expect(try subjects().count == 3)
    }

    @Test func `Who closes the incident knows of it, and is not told again`() throws {
        let watcher = try folder.watcher(try settings(["a.log"]))
        work(watcher, minutes: 9)
        let id = try #require(outages(watcher).first?.id)
        let me = ControlPeer(pid: 1, uid: 0, gid: 0)
        #expect(watcher.answer(to: "incident-resolve", ["id": .int(id)], from: me).error == nil)
        work(watcher, minutes: 30)
        #expect(outages(watcher).isEmpty)
    }

    @Test func `Of many sources some have an incident each, and the rest one together`() throws {
        let names = (10..<60).map { "\($0).log" }
        let settings = try settings(names)
        do {
            let watcher = try folder.watcher(settings)
            work(watcher, minutes: 9)
            #expect(outages(watcher).count == 21)
            #expect(outages(watcher).last?.samples.isEmpty == false || outages(watcher).last?.letters == 1)
        }
        let watcher = try folder.watcher(settings)
        work(watcher, minutes: 9)
        #expect(outages(watcher).count == 21)
        #expect(outages(watcher).contains { $0.title == "Herald cannot read many of its sources" })
        try Files.makeDirectories(folder.path + "/other")
        for name in names.dropFirst(20) { try Files.write([], to: path(name)) }
        work(watcher, minutes: 2)
        #expect(outages(watcher).count == 20)
        for name in names.prefix(20) { try Files.write([], to: path(name)) }
        work(watcher, minutes: 2)
        #expect(outages(watcher).isEmpty)
    }

    @Test func `Its rule can be switched off`() throws {
        let watcher = try folder.watcher(try settings(["a.log"], ["herald-file-unreadable"]))
        work(watcher, minutes: 20)
        #expect(outages(watcher).isEmpty)
    }

    @Test func `A journal that is not there is told likewise`() throws {
        var settings = try settings([])
        settings.watch.journal.directories = [folder.path + "/journals"]
        let watcher = try folder.watcher(settings)
        work(watcher, minutes: 9)
        #expect(outages(watcher).map(\.rule.id) == ["herald-journal-unreadable"])
        try Files.makeDirectories(folder.path + "/journals")
        work(watcher, minutes: 2)
        #expect(outages(watcher).isEmpty)
    }
}
