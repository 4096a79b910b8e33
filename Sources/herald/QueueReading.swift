// The queue, asked of the mailer.

import Formats
import Settings

enum QueueReading {
    /// One object for each delivery, the letters still in `incoming/` among them.
    static func list(_ settings: Settings) throws -> [JSON] {
        let answer = try DaemonAddress(name: "mailer", settings: settings).request("queue-list")
        return answer.result["deliveries"]?.array ?? answer.result.array ?? []
    }

    /// A letter and its text.
    static func show(_ id: String, _ settings: Settings) throws -> (letter: JSON, message: [UInt8]) {
        let answer = try DaemonAddress(name: "mailer", settings: settings).request("queue-show", ["id": .string(id)])
        return (answer.result, answer.body)
    }
}
