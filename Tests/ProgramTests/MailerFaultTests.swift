// A disk that fails under the mailer, call by call, and a letter that crashes it: nothing is half visible, others go on,
// and it recovers by itself.

import Control
import Formats
import Glibc
import Mail
import Mailing
import Platform
import SMTPTransport
import TestSupport
import Testing

@Suite(.serialized) struct MailerFaultTests {
    private static let stride = getenv("HERALD_KILL_STRIDE").flatMap { Int(String(cString: $0)) } ?? 9

    /// What the mailer's work comes to while calls on files fail.
    private struct Outcome {
        /// It ended, which it may at its start.
        var code: Int32?
        var answeredID: String?
        var refusals: [String] = []
    }

    /// One letter in its file, one by the socket, which is asked again until it is taken.
    private func work(_ place: MailerPlace, _ letter: Letter, _ environment: [String]) throws -> Outcome {
        var outcome = Outcome()
        try place.hand(letter)
        try place.site.start("mailer", environment: environment)
        let client = ControlClient(path: place.site.folder + "/run/mailer.sock", timeout: .seconds(60))
        let isDone = try place.site.eventually(within: .seconds(60)) {
            outcome.code = place.site.ended("mailer")
            if outcome.code != nil { return true }
            if outcome.answeredID == nil {
                do throws(ControlError) {
                    let answer = try client.request(
                        "send", ["recipients": ["bob@example.net"]], body: Array("Hello.\n".utf8))
                    outcome.answeredID = answer.result["id"]?.string
                } catch {
                    if case .refused(let words, _) = error { outcome.refusals.append(words) }
                }
            }
            return outcome.answeredID != nil && place.copies.all.count == 2
        }
        #expect(isDone, "\(place.site.log("mailer"))")
        if outcome.code == nil { outcome.code = place.site.stop("mailer") }
        return outcome
    }

    @Test(
        "row 93: whichever call on a file fails, the caller is told, nothing is half visible, and all is delivered once",
        arguments: ["enospc", "eio", "short"]) func failingDisk(_ kind: String) throws
    {
        let whole = try MailerPlace()
        let trace = whole.site.folder + "/calls"
        // None fails: what a run that is well comes to.
        let letter = try MailerPlace.letter(0)
        let well = try work(whole, letter, whole.interposed("enospc=1000000,1", trace: trace))
        #expect(well.code == 0 && well.refusals == [])
        let calls = String(decoding: try Files.read(trace), as: UTF8.self).split(separator: "\n")
        try #require(calls.count > 20, "the interposed library counts nothing")

        let offset = Int.random(in: 1...Self.stride)
        for number in Swift.stride(from: offset, through: calls.count, by: Self.stride) {
            let place = try MailerPlace()
            let letter = try MailerPlace.letter(number)
            let what = "\(kind) at call \(number), \(calls[number - 1]); offset \(offset)"
            let outcome = try work(
                place, letter, place.interposed(kind == "short" ? "short=\(number)" : "\(kind)=\(number),3"))
            let log = place.site.log("mailer")
            #expect([0, 75].contains(outcome.code), "\(what): \(outcome)\n\(log)")
            for words in outcome.refusals { #expect(!words.isEmpty, "\(what)") }
            #expect(try place.finish() == 0, "\(what)\n\(place.site.log("mailer"))")
            // Nothing is killed there: what is uncertain is said of each.
            let wasUncertain = place.site.log("mailer").split(separator: "\n").contains {
                $0.contains("\(letter.id) to admin@example.org: uncertain")
            }
            let count = place.copies.count(letter, "admin@example.org")
            #expect(count >= 1 && count <= (wasUncertain ? 2 : 1), "\(what): \(count) copies\n\(log)")
            // What was refused did not go after all; what was answered did, once.
            let submitted = place.copies.all.filter { $0.key.hasSuffix(" bob@example.net") }
            #expect(submitted.count == (outcome.answeredID == nil ? 0 : 1), "\(what): \(submitted)\n\(log)")
            #expect(place.rejected == [] && place.incoming == [], "\(what)\n\(log)")
        }
    }

    @Test(
        "row 97: a letter that crashes the mailer is not tried at once again, and the others go",
        arguments: [("RCPT TO:<second@", DeliveryState.queued), ("POISON", .uncertain)])
    func poison(_ text: String, _ state: DeliveryState) throws {
        let place = try MailerPlace(more: ", max_connections: 1")
        try place.settings(replacing: "{first: 10ms, maximum: 20ms}", with: "{first: 1h}")
        let poison = try MailerPlace.letter(0, to: ["second@example.org"], body: "POISON")
        let others = try (1...3).map { try MailerPlace.letter($0) }
        for letter in [poison] + others { try place.hand(letter) }
        var crashes = 0
        // As a service manager does it.
        for _ in 0..<4 where place.copies.all.count < 3 {
            try place.site.start(
                "mailer", ["--until-idle", "--no-wait"], environment: place.interposed("segv=\(text)"))
            let code = place.site.awaitEnd("mailer")
            if code == 128 + SIGSEGV { crashes += 1 } else { #expect(code == 0) }
        }
        #expect(crashes == 1, "\(place.site.log("mailer"))")
        for letter in others { #expect(place.copies.count(letter, "admin@example.org") == 1) }
        let row = try #require(try place.queue().first { $0.letter == poison.id })
        #expect(row.state == state && row.attempts == 1, "\(row)")
        let next = try #require(row.nextAttempt)
        #expect(next > SystemClock.now() + .seconds(3000))
    }
}
