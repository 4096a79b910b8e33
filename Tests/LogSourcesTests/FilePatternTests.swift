import Testing

@testable import LogSources

@Suite struct FilePatternTests {
    @Test(
        "a path is named by the pattern or not, and what is excluded is not",
        arguments: [
            ("/var/log/app.log", [], "/var/log/app.log", true), ("/var/log/*.log", [], "/var/log/app.log", true),
            ("/var/log/*.log", [], "/var/log/sub/app.log", false), ("/var/log/*.log", [], "/var/log/.app.log", false),
            ("/var/log/*/a.log", ["/var/log/b*/*"], "/var/log/bb/a.log", false),
            ("/var/log/*.log", ["a*"], "/var/log/app.log", false), ("/var/log/[a].log", [], "/var/log/[a].log", true),
        ] as [(String, [String], String, Bool)])
    func names(pattern: String, exclude: [String], path: String, isNamed: Bool) {
        #expect(FilePattern(pattern, exclude: exclude).names(path) == isNamed)
    }

    @Test(
        "a rotated generation is known by its name, beside its log and in the folders where they lie",
        arguments: [
            ("/var/log/*.log", [], "/var/log/app.log.1", "/var/log/app.log"),
            ("/var/log/*.log", [], "/var/log/app.log-20261121.xz", "/var/log/app.log"),
            ("/var/log/*.log", [], "/var/log/app-20261121.log.gz", "/var/log/app.log"),
            ("/var/log/app.log", [], "/var/log/old/app.log.2.gz", "/var/log/app.log"),
            ("/var/log/app.log", ["/srv/old", "rotated"], "/srv/old/app.log.3.zst", "/var/log/app.log"),
            ("/var/log/app.log", ["/srv/old", "rotated"], "/var/log/rotated/app.log.3", "/var/log/app.log"),
            ("/var/log/app.log", [], "/srv/old/app.log.3", nil), ("/var/log/app.log", [], "/var/log/app.log.bak", nil),
            ("/var/log/*.log", [], "/var/log/syslog.1", nil),
        ] as [(String, [String], String, String?)])
    func generations(pattern: String, rotated: [String], path: String, log: String?) {
        #expect(FilePattern(pattern, rotated: rotated).log(ofGeneration: path) == log)
    }
}
