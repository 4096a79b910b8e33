// What a start makes of what the last run left.

import Formats
import Platform
import Settings

extension Mailer {
    func recover() throws(QueueError) {
        if let setAside = troubles.setAside { log.critical("\(setAside)") }
        let now = started
        let folder = settings.paths.state("mailer")
        let found = try queue.transaction { () throws(QueueError) in
            try queue.restore(&book, at: now)
            try queue.restore(&lanes, at: now)
            try queue.resume(at: now)
            try queue.bound(at: now, retry)
            try queue.seen(at: now)
            return try queue.recover(at: now, hold: settings.smtp.uncertain == .hold)
        }
        lanes.keep(Set(settings.smtp.accounts.map(\.name)))
        lanes.settle()
        try queue.loadIndex(at: now, tellsDestinations: destinations.tells)
        book.probeWhatChanged(AccountStamp.stamps(settings.smtp.accounts, folder: folder), at: now)
        if found.sending > 0 {
            log.notice(
                "\(counted(found.sending, "delivery was", "deliveries were")) under way, and goes on from the queue")
        }
        if found.uncertain > 0 {
            log.warning("\(found.uncertain) deliveries may have gone out when the mailer ended: uncertain")
        }
        if !settings.smtp.accounts.contains(where: \.enabled) {
            log.warning("no account is enabled in smtp.accounts: letters wait")
        }
        tellRedirect()
    }
}

extension Retry {
    init(_ settings: Settings.Retry) {
        self.init(first: settings.first, maximum: settings.maximum, giveUpAfter: settings.giveUpAfter)
    }
}
