// The message and the answer to it.

import Platform
import TestSupport

extension FaultRow {
    /// More than a small window takes.
    private static let long = String(repeating: "a line of a long message\r\n", count: 6000)

    private static func wait(_ duration: Duration) -> ScriptedPeer.Step {
        .run { _ = try Poller.wait([], timeout: duration) }
    }

    /// A server that reads little of a long message, and then does this.
    private static func long(
        _ number: Int, _ name: String, _ reaction: Reaction, _ steps: [ScriptedPeer.Step], words: String = ""
    ) -> FaultRow {
        FaultRow(number, name, reaction, hello + toMessage + [.take(20_000)] + steps, words: words)
            .with { ($0.body, $0.hasSmallWindow) = (long, true) }
    }

    private static func afterDot(
        _ number: Int, _ name: String, _ reaction: Reaction, _ steps: [ScriptedPeer.Step], words: String = ""
    ) -> FaultRow {
        FaultRow(number, name, reaction, hello + toMessage + [.expectMessage] + steps, words: words).received(1)
    }

    static let message: [FaultRow] = [
        long(72, "421 while the message goes out", .later, [.say("421 4.3.0 bye")], words: "421 4.3.0 bye"),
        FaultRow(
            72, "421 in place of the dot's answer, before the dot", .later,
            hello + toMessage + [.say("421 4.3.0 bye"), .close], words: "421 4.3.0 bye"),
        long(73, "552 while the message goes out", .refused, [.say("552 5.3.4 too big")], words: "552 5.3.4 too big"),
        FaultRow(
            74, "a server that takes no more", .later, hello + toMessage + [.pause], words: "no answer within 150 ms"
        ).with { ($0.body, $0.hasSmallWindow) = (long, true) }
            .lasting(.milliseconds(150)) { $0.timeouts.dataBlock = .milliseconds(150) },
        long(75, "reset in the middle of the message", .later, [.reset], words: "reset"),
        afterDot(76, "reset after the dot", .uncertain, [.reset], words: "reset"),
        afterDot(76, "the end after the dot", .uncertain, [.close], words: "closed the connection"),
        afterDot(77, "no answer to the message", .uncertain, [], words: "no answer within 150 ms")
            .lasting(.milliseconds(150)) { $0.timeouts.finalReply = .milliseconds(150) },
        afterDot(
            78, "an answer that comes late, and in time", .delivered,
            [wait(.milliseconds(200)), .say("250 2.0.0 taken")] + bye
        )
        .lasting(.milliseconds(200)),
        afterDot(
            79, "250 after we have given up waiting", .uncertain, [wait(.milliseconds(300)), .say("250 2.0.0 taken")],
            words: "no answer within 100 ms"
        )
        .lasting(.milliseconds(100)) { $0.timeouts.finalReply = .milliseconds(100) },
        afterDot(
            80, "garbage, then 221", .uncertain, [.say("what was that?"), .say("221 bye")], words: "not an SMTP reply"),
        afterDot(
            80, "221", .uncertain, [.say("221 2.0.0 bye"), .close], words: "221 2.0.0 bye in answer to the message"),
        afterDot(
            81, "354 to the message", .uncertain, [.say("354 go on")], words: "354 go on in answer to the message"),
        afterDot(81, "150 to the message", .uncertain, [.say("150 wait")], words: "150 wait in answer to the message"),
        afterDot(82, "452 to the message", .later, [.say("452 4.3.1 full")] + bye, words: "452 4.3.1 full"),
        afterDot(82, "554 to the message", .refused, [.say("554 5.6.0 no")] + bye, words: "554 5.6.0 no"),
        afterDot(83, "250, then reset", .delivered, [.say("250 2.0.0 taken"), .reset]),
        afterDot(84, "no answer to QUIT", .delivered, [.say("250 2.0.0 taken"), .expect("QUIT")]),
        afterDot(
            84, "bytes in answer to QUIT", .delivered,
            [.say("250 2.0.0 taken"), .expect("QUIT"), .send([0xff, 0, 0x0a])]),
        afterDot(84, "the end in answer to QUIT", .delivered, [.say("250 2.0.0 taken"), .expect("QUIT"), .close]),
    ]
}
