import Testing

@testable import Platform

struct DaemonOptionsTests {
    private func parse(_ words: [String]) -> DaemonOptions.Parsed {
        DaemonOptions.parse(words, program: "herald-x", purpose: "tries options")
    }

    @Test(
        "options are read in any order and in both forms",
        arguments: [
            ([], DaemonOptions()),
            (["--config", "/a b.yaml"], DaemonOptions(config: "/a b.yaml")),
            (["--config=/a=b.yaml"], DaemonOptions(config: "/a=b.yaml")),
            (["--no-wait", "--until-idle"], DaemonOptions(untilIdle: true, noWait: true)),
            (["--until-idle", "--config", "x"], DaemonOptions(config: "x", untilIdle: true)),
        ] as [([String], DaemonOptions)])
    func accepted(words: [String], options: DaemonOptions) {
        #expect(parse(words) == .run(options))
    }

    @Test(
        "what is not an option is refused by name",
        arguments: [
            ["--confg", "x"], ["--config"], ["--config", ""], ["--config="], ["--no-wait"], ["x"], ["--until-idle=1"],
        ])
    func refused(words: [String]) {
        guard case .refused(let text) = parse(words) else {
            Issue.record("\(words) was accepted")
            return
        }
        #expect(text.hasPrefix("herald-x: "))
    }

    @Test("help and version are shown, whatever follows")
    func shown() {
        #expect(parse(["--version", "--nonsense"]) == .show("herald-x \(Product.version)\n"))
        guard case .show(let help) = parse(["--help"]) else {
            Issue.record("no help")
            return
        }
        for option in ["--config", "--until-idle", "--no-wait", "--version"] { #expect(help.contains(option)) }
    }
}
