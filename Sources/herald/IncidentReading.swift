// Incidents and silences, asked of the watcher; where no watcher runs, read and changed by the same code under the
// watcher's own lock.

import Control
import Formats
import Glibc
import Platform
import Settings
import Watching

struct IncidentReading {
    private let settings: Settings
    private let trouble: String?

    init(_ place: DaemonSettings) { (settings, trouble) = (place.settings, place.trouble) }

    func request(_ command: String, _ arguments: JSON = .object([])) throws -> JSON {
        let client = ControlClient(path: settings.paths.socket("watcher"))
        do throws(ControlError) {
            return try client.request(command, arguments).result
        } catch {
            switch error {
            case .notRunning: return try owned(command, arguments)
            case .refused(let words, .wrong): throw Failure.wrong(words)
            case .refused(let words, .denied): throw Failure.notWell(words)
            default: throw Failure.later("herald-watcher: \(error)")
            }
        }
    }

    /// For root and the watcher's own user.
    private func owned(_ command: String, _ arguments: JSON) throws -> JSON {
        // What is wrong may be where the state is, or what is made of it; a watcher would not start on these either.
        if let trouble { throw Failure.wrong("herald-watcher is not running, and \(trouble)") }
        let response: ControlResponse
        do {
            try StateOwner.become(of: settings.paths.state("watcher"))
            response = try WatcherState(settings).answer(to: command, arguments, at: SystemClock.now())
        } catch {
            throw Failure.later("herald-watcher is not running, and its state cannot be used: \(error)")
        }
        if let words = response.error { throw Failure.wrong(words) }
        return response.result ?? .null
    }

    /// `2h` ago, `2026-11-21`, `2026-11-21 07:00` or the full form of RFC 3339, by the host's clock.
    static func time(_ text: String, now: Timestamp = SystemClock.now(), ago: Bool) throws -> Timestamp {
        if let length = Duration(text: text) { return ago ? now - length : now + length }
        if let time = Timestamp(rfc3339: text) { return time }
        let digits = text.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
        guard digits.count == 3 || digits.count == 5 || digits.count == 6, digits.allSatisfy({ $0 < 10_000 }) else {
            throw Failure.wrong(
                "'\(Printable.text(text, limit: 40))' is no time: write 2h, 2026-11-21 or '2026-11-21 07:00'")
        }
        var civil = CivilTime(year: digits[0], month: digits[1], day: digits[2])
        if digits.count > 3 { (civil.hour, civil.minute) = (digits[3], digits[4]) }
        if digits.count > 5 { civil.second = digits[5] }
        guard civil.isValid else { throw Failure.wrong("'\(text)' is no date of the calendar") }
        // The offset of that time, which is known by the time alone: that of a guess is right but near a change of the
        // clocks, and there the one at the time that it leads to is.
        let guess = civil.timestamp(utcOffset: SystemClock.utcOffset(at: civil.timestamp()))
        return civil.timestamp(utcOffset: SystemClock.utcOffset(at: guess))
    }
}
