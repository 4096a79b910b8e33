// `herald demo`: the whole product on this machine, with nothing configured.

import ArgumentParser
import Formats
import Glibc
import Mail
import Platform
import RuleMatching

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole product on this machine in seconds, with nothing configured.",
        discussion: """
            Starts an SMTP server on loopback (STARTTLS, login) and the daemons in a temporary folder, appends critical log
            lines to a watched file that is rotated in between, drops a PDF resume and a mailing-list message that must not
            be answered, and prints the letters that arrive, each with the time from line to letter. Leaves nothing behind.
            """)

    @Flag(help: "Keep the folder with settings, letters and logs.") var keep = false
    @Flag(help: "Stay and watch: append lines of your own; Ctrl-C ends.") var follow = false
    @Option(help: "A folder of rules in place of the installed ones.") var rules: String?

    func run() throws {
        guard rules ?? RuleFolders.standard() != nil else {
            throw Failure.wrong(
                "There are no rules in /usr/share/herald/rules, nor beside this program; give --rules DIR.")
        }
        Terminal.cleansUp.store(true, ordering: .relaxed)
        let signals = try Signals()
        let site = try DemoSite(rules: rules)
        defer {
            site.stop()
            if !keep { site.remove() }
        }
        do {
            try site.start()
            try watching(site, signals)
            try journal(site, signals)
            try responding(site, signals)
            if follow { try stay(site, signals) }
            try site.stopGently()
        } catch let failure as Failure where failure.code != 130 {
            Terminal.complain("\nThe daemons' own words:\n\(site.logs())")
            throw failure
        }
        let letters = site.mailbox.count
        Terminal.say("\n\(Terminal.bold("\(letters) letters arrived.")) All programs have ended.")
        Terminal.say(
            keep
                ? "The folder is kept: \(site.folder)"
                : "Nothing is left behind; --keep keeps the folder with the letters, in HTML too.")
    }

    /// Five faults, one after the other; the file is rotated under the writer between the second and the third.
    private func watching(_ site: DemoSite, _ signals: Signals) throws {
        Terminal.say("\n\(Terminal.bold("Critical errors in a log file")) (\(site.logPath))")
        for (index, fault) in DemoMaterial.faults.enumerated() {
            if index == 2 { try site.rotateLog() }
            let line = fault.line(SystemClock.now())
            try site.append(DemoMaterial.ordinary(before: fault))
            let start = SystemClock.monotonic()
            try site.append([line])
            Terminal.say("\n\(Terminal.dim("log line:")) \(Printable.text(line, limit: 160))")
            try show(site, signals, since: start, from: "line to letter")
            if index == 2 { try site.finishRotation() }
        }
    }

    private func journal(_ site: DemoSite, _ signals: Signals) throws {
        guard site.watchesJournal else {
            return Terminal.say("\nThis machine runs no systemd-journald: the journal is left out.")
        }
        Terminal.say("\n\(Terminal.bold("A critical error in the systemd journal"))")
        let start = SystemClock.monotonic()
        let message = "Herald test alert \(Hex.encode(Randomness.bytes(4))): a critical line written by herald demo"
        guard JournalEntry.write(message, priority: 2, identifier: "demo") else {
            return Terminal.say("The journal took no entry: left out.")
        }
        try show(site, signals, since: start, from: "entry to letter")
    }

    private func responding(_ site: DemoSite, _ signals: Signals) throws {
        guard site.hasResponder else {
            return Terminal.say("\nThe package herald-responder is not installed: applications are left out.")
        }
        Terminal.say(
            "\n\(Terminal.bold("An application, and a mailing list that must not be answered")) (\(site.inbox))")
        try site.drop(DemoMaterial.listMessage, as: "list-digest.eml")
        let start = SystemClock.monotonic()
        try site.drop(DemoMaterial.resume, as: "resume.pdf")
        Terminal.say("\n\(Terminal.dim("dropped:")) resume.pdf, list-digest.eml")
        try show(site, signals, since: start, from: "file to letter, of which 1 s waiting that the file is whole")
        guard try site.waitForOutcome("list-digest.eml", "rejected") else {
            throw Failure.notWell("the mailing-list message was not filed in rejected/ in time")
        }
        Terminal.say("list-digest.eml: not answered (\(site.reason("list-digest.eml", "rejected")))")
    }

    private func show(_ site: DemoSite, _ signals: Signals, since start: Duration, from what: String) throws {
        var arrived: DemoLetter?
        while arrived == nil, SystemClock.monotonic() - start < .seconds(20) {
            arrived = try site.mailbox.next(within: .milliseconds(200))
            if signals.next() == .stop { throw Failure(message: "stopped", code: 130) }
        }
        guard let letter = arrived else { throw Failure.notWell("no letter arrived within 20 s") }
        let elapsed = (letter.arrived - start).microseconds
        Terminal.say("\(Terminal.bold("letter after \(elapsed / 1000).\(elapsed / 100 % 10) ms")) (\(what))")
        Terminal.say(try letter.shown(folder: site.folder, isKept: keep))
    }

    private func stay(_ site: DemoSite, _ signals: Signals) throws {
        Terminal.say("\nStill watching \(site.logPath); Ctrl-C ends. For example:")
        Terminal.say("  echo 'kernel: Kernel panic - not syncing: Fatal exception' >> \(site.logPath)")
        while signals.next() == nil {
            _ = try Poller.wait(
                [(signals.descriptor.number, .readable), (site.mailbox.wakeUp.descriptor.number, .readable)],
                timeout: nil)
            while let letter = try site.mailbox.next(within: .zero) {
                Terminal.say(try letter.shown(folder: site.folder, isKept: true))
            }
        }
    }
}
