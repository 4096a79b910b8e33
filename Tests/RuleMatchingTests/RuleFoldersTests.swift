import Glibc
import Platform
import Rules
import TestSupport
import Testing

@testable import RuleMatching

/// Folders of rules as administrators and packages leave them.
@Suite struct RuleFoldersTests {
    private let ours: TemporaryFolder
    private let theirs: TemporaryFolder

    init() throws {
        ours = try TemporaryFolder()
        theirs = try TemporaryFolder()
    }

    private func rule(_ id: String) -> String {
        "rules: [{id: \(id), title: t, severity: error, match: \(id) broke}]\n"
    }

    private func write(_ name: String, _ text: String, to folder: TemporaryFolder) throws {
        try Files.write(text.utf8, to: folder.path + "/" + name)
    }

    private func load(disabled: [String] = []) -> RuleLoading.Loaded {
        RuleLoading.load([ours.path, theirs.path], disabled: disabled)
    }

    @Test("an administrator's file replaces ours of its name, in its place, and adds others")
    func overrides() throws {
        try write("a.yaml", rule("a1"), to: ours)
        try write("b.yaml", rule("b1"), to: ours)
        try write("a.yaml", rule("a2"), to: theirs)
        try write("0-own.yaml", rule("own"), to: theirs)
        let loaded = load()
        #expect(loaded.diagnostics.isEmpty)
        #expect(loaded.rules?.rules.map(\.id) == ["a2", "b1", "own"])
        #expect(loaded.files.replaced.map(\.path) == [ours.path + "/a.yaml"])
        #expect(loaded.files.replacedRules().map(\.rule.id) == ["a1"])
        #expect(loaded.files.replacedRules().map(\.by) == [theirs.path + "/a.yaml"])
    }

    @Test("an empty file, and a link to /dev/null, mask ours of that name", arguments: [false, true])
    func masking(link: Bool) throws {
        try write("a.yaml", rule("a1"), to: ours)
        try write("b.yaml", rule("b1"), to: ours)
        if link {
            symlink("/dev/null", theirs.path + "/a.yaml")
        } else {
            try write("a.yaml", "", to: theirs)
        }
        let loaded = load()
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
        #expect(loaded.rules?.rules.map(\.id) == ["b1"])
    }

    @Test("hidden files, backups and what dpkg leaves are no rules; one that looks like rules is pointed out")
    func otherFiles() throws {
        for name in [
            ".hidden.yaml", "a.yaml~", "a.yaml.dpkg-old", "a.yaml.dpkg-dist", "a.yaml.bak", "#a.yaml#", "README",
            ".a.yaml.swp",
        ] {
            try write(name, "no yaml: [", to: theirs)
        }
        try write("own.yml", rule("own"), to: theirs)
        let loaded = load()
        #expect(loaded.rules?.rules.isEmpty == true)
        #expect(loaded.matcher != nil)
        #expect(
            loaded.diagnostics.map(\.description) == [
                "\(theirs.path)/own.yml: warning: this file is not read: the name of a file of rules ends in .yaml"
            ])
    }

    @Test("every file that cannot be read is told, each with its reason, and nothing else is hidden by it")
    func unreadable() throws {
        try write("a.yaml", rule("a1"), to: ours)
        try write("broken.yaml", "rules: [{id: b, title: t, severity: error, match: '('}]", to: ours)
        try write("later.yaml", "rules: [{id: c, titel: t, severity: error, match: x}]", to: ours)
        try Files.makeDirectories(theirs.path + "/folder.yaml")
        mkfifo(theirs.path + "/pipe.yaml", 0o600)
        symlink("/nowhere/at/all", theirs.path + "/gone.yaml")
        try Files.write([0x72, 0xff, 0xfe], to: theirs.path + "/latin.yaml")
        try Files.write([UInt8](repeating: 0x23, count: 10 << 20), to: theirs.path + "/large.yaml")
        let loaded = load()
        #expect(loaded.rules == nil)
        #expect(loaded.matcher == nil)
        let told = loaded.diagnostics.map(\.description)
        for (name, words) in [
            ("folder.yaml: ", "no regular file"), ("pipe.yaml: ", "no regular file"),
            ("gone.yaml: ", "cannot be read: No such file or directory"), ("latin.yaml:", "UTF-8"),
            ("large.yaml: ", "at most 8 MiB"), ("broken.yaml:1:51: ", "missing closing parenthesis"),
            ("later.yaml:1:17: ", "unknown key 'titel'"),
        ] {
            #expect(told.contains { $0.contains("/" + name) && $0.contains(words) }, "\(name) \(words): \(told)")
        }
        #expect(!told.contains { $0.contains("/a.yaml:") }, "\(told)")
    }

    @Test("a folder that is not there is told, and the others are read") func noFolder() throws {
        try write("a.yaml", "rules: [{id: a}]", to: ours)
        let loaded = RuleLoading.load([ours.path, "/nowhere/rules"])
        let told = loaded.diagnostics.map(\.description)
        #expect(told.contains { $0.hasPrefix("/nowhere/rules: no rules can be read there") }, "\(told)")
        #expect(told.contains { $0.contains("'severity' is missing") }, "\(told)")
    }

    @Test("a file that cannot be read does not bring back the one that it replaces") func unreadableOverride() throws {
        try write("a.yaml", rule("a1"), to: ours)
        symlink("/nowhere/at/all", theirs.path + "/a.yaml")
        let loaded = load()
        #expect(loaded.matcher == nil)
        #expect(loaded.rules?.rules.isEmpty == true)
    }

    @Test("without folders in the settings the installed rules are read, then the administrator's, where there are any")
    func standardFolders() throws {
        #expect(RuleLoading.administratorsFolder == "/etc/herald/rules")
        func standard(_ installed: String?, _ administrators: String) -> [String] {
            RuleLoading.standardFolders(installed: installed, administrators: administrators)
        }
        #expect(standard(ours.path, theirs.path) == [ours.path, theirs.path])
        #expect(standard(ours.path, theirs.path + "/none") == [ours.path])
        #expect(standard(nil, theirs.path) == [theirs.path])
        #expect(standard(nil, theirs.path + "/none") == [])
        try write("file", "no folder", to: theirs)
        #expect(standard(ours.path, theirs.path + "/file") == [ours.path])
    }

    @Test("rules that are switched off stay known") func disabled() throws {
        try write("a.yaml", rule("a1"), to: ours)
        try write("b.yaml", rule("b1"), to: ours)
        let loaded = load(disabled: ["b1", "c1"])
        #expect(loaded.rules?.rules.map(\.id) == ["a1"])
        #expect(loaded.rules?.disabled.map(\.id) == ["b1"])
        #expect(loaded.diagnostics.map(\.severity) == [.warning])
        #expect(loaded.matcher != nil)
    }
}
