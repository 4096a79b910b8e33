// The last step of a submission: the letter itself.

import Formats
import Mail
import Settings

extension Submission {
    /// What the mailer knows and a message may lack.
    package struct Circumstances: Sendable {
        package var id: String
        /// For the Message-ID's right side.
        package var host: String
        package var now: Timestamp
        package var utcOffset: Int

        package init(id: String, host: String, now: Timestamp, utcOffset: Int) {
            (self.id, self.host, self.now, self.utcOffset) = (id, host, now, utcOffset)
        }
    }

    /// The letter that this message becomes under the alias that `user` may and wants to use.
    package func letter(
        from user: LocalUser, _ settings: Settings, _ circumstances: Circumstances
    ) throws(SubmissionError) -> Letter {
        throw SubmissionError("messages are not taken yet", .later)
    }
}
