// Where the reading of a journal stands, and how a handle that was just opened is brought there. The position is the
// cursor, never a time. Must stay true: an entry behind the cursor is not passed over unless that is said.

import Platform
import Records

/// A place in one journal, over all the handles that are opened on it.
struct JournalPosition {
    /// Of the entry handed over last.
    var cursor: String?
    /// The handle stands on an entry that was not handed over: the next `next` would pass it.
    var standsOnUnread = false
    /// There was no checkpoint and none could be made, for the journal was empty: all that comes is new.
    private var beganEmpty = false
    private let place: String
    private let start: JournalReader.Start

    /// Where a handle was brought.
    enum Resumption {
        case behindCursor
        /// The first start ever, and what is to be stored of it.
        case beginning(JournalCheckpoint?)
        /// The entry read last is not there any more, and so many behind it are missing; 0 where that cannot be told.
        case cursorGone(missing: UInt64)
    }

    init(place: String, start: JournalReader.Start, _ checkpoints: [SourceCheckpoint]) {
        (self.place, self.start) = (place, start)
        for case .journal(let known) in checkpoints where known.place == place {
            if known.isBeforeAll { beganEmpty = true } else { cursor = known.cursor }
        }
    }

    /// Moves a handle that was just opened to where reading goes on.
    mutating func resume(_ handle: JournalHandle) throws(SystemError) -> Resumption {
        guard let cursor else { return .beginning(try begin(handle)) }
        try handle.seek(cursor: cursor)
        let found = try handle.next()
        if found, handle.isAt(cursor: cursor) { return .behindCursor }
        standsOnUnread = found
        try crossClockSetBack(handle, cursor)
        guard standsOnUnread else { return .cursorGone(missing: 0) }
        return .cursorGone(missing: CursorParts(cursor).entries(before: CursorParts(try handle.cursor())) ?? 0)
    }

    /// To the next entry that was not handed over; false at the end.
    mutating func advance(_ handle: JournalHandle) throws(SystemError) -> Bool {
        if !standsOnUnread, try !handle.next() { return false }
        standsOnUnread = true
        return true
    }

    /// Files went away: how many entries are missing between the one read last and the next; 0 too where that cannot be
    /// told.
    mutating func missing(before handle: JournalHandle) throws(SystemError) -> UInt64 {
        guard let cursor, !standsOnUnread, try advance(handle) else { return 0 }
        return CursorParts(cursor).entries(before: CursorParts(try handle.cursor())) ?? 0
    }

    /// Where the remembered entry is gone and the clock was set back (a volatile journal, no battery), this boot's
    /// entries sort before the cursor. They are younger: begin with them.
    private mutating func crossClockSetBack(_ handle: JournalHandle, _ cursor: String) throws(SystemError) {
        guard place.isEmpty else { return }
        var target = cursor
        let parts = CursorParts(cursor)
        if let before = parts.realtime, let first = try handle.firstCursorOfThisBoot() {
            let boot = CursorParts(first)
            if boot.boot != parts.boot, let began = boot.realtime, began < before { target = first }
        }
        try handle.seek(cursor: target)
        standsOnUnread = try handle.next()
    }

    /// The first start ever.
    private mutating func begin(_ handle: JournalHandle) throws(SystemError) -> JournalCheckpoint? {
        if beganEmpty || start == .beginning {
            try handle.seekHead()
            return nil
        }
        if start == .boot, let first = try handle.firstCursorOfThisBoot() {
            try handle.seek(cursor: first)
            standsOnUnread = try handle.next()
            return nil
        }
        try handle.seekTail()
        guard try handle.previous() else {
            // Stored, so that after a restart too what came meanwhile counts as new.
            beganEmpty = true
            try handle.seekHead()
            return .beforeAll(of: place)
        }
        // The seek may land before the last entry (systemd issue 17662): on to the end from there.
        while try handle.next() {}
        let last = try handle.cursor()
        cursor = last
        return JournalCheckpoint(place: place, cursor: last)
    }
}
