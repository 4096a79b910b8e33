// What hits do to the incident that they join: they are counted, towards its rule's threshold too, and set when it is told.
// Done in place: an incident holds a dozen texts, and in a storm each copy of it costs more than all the rest.

import Formats
import Rules

extension Incident {
    /// What hits that joined mean for the book.
    struct Effect {
        /// They wait for the digest of late hits.
        var isLate = false
        /// Something is due at another time than before.
        var movesEvent = false
    }

    /// Takes hits in, which came at `now`.
    mutating func take(
        _ counted: CountedHits, _ sample: Sample?, limit: Int, _ policy: ReportPolicy, at now: Timestamp
    ) -> Effect {
        let before = (state, due, isLate, isHeld, newHits > 0)
        count(counted, at: now)
        if let sample { keep(sample, limit: limit) }
        if state == .gathering { gather(counted.count, counted.lastSeen, at: now) }
        var effect = Effect()
        if state == .open, policy.tells(self) {
            effect.isLate = arrange(isLate: counted.isLate, policy, at: now)
        }
        effect.movesEvent = before != (state, due, isLate, isHeld, true) || state == .gathering
        return effect
    }

    /// Adds a sample; of more than `limit` the last one makes room.
    mutating func keep(_ sample: Sample, limit: Int) {
        if samples.count >= limit { samples.removeLast(samples.count - limit + 1) }
        samples.append(sample)
    }

    /// Counts hits that joined.
    private mutating func count(_ counted: CountedHits, at now: Timestamp) {
        hits += counted.count
        lastHit = now
        firstSeen = min(firstSeen, counted.firstSeen)
        lastSeen = max(lastSeen, counted.lastSeen)
        counted.addTimes(to: &timeline)
        let wasUrgent = isUrgent
        severity = max(severity, counted.rule.severity)
        if isUrgent, !wasUrgent { isHeld = false }  // no longer for the other digest
        rule = counted.rule
        if isOver {  // its last letter still waits, or it has come back soon after
            if state == .recovered, letters > 0 { returns += 1 }
            // The last letter said that it was over, and nobody may believe that for longer than any other news waits.
            if isLingering, letters > 0 { backSince = now }
            // The news that it is over was to come; that it goes on waits like any other.
            if letters > 0 { (due, isHeld) = (nil, false) }
            state = .open
            (endedBy, ended) = (nil, nil)
        }
    }

    /// Counts the last `count` hits towards the threshold, by the records' own time: what is read late must not look like a
    /// burst. Opens when it is reached.
    private mutating func gather(_ count: Int, _ time: Timestamp, at now: Timestamp) {
        guard let threshold = rule.threshold, threshold.count > 1 else {
            state = .open
            return
        }
        // A stamp from the future must not make those that follow look old.
        let time = min(time, now)
        let latest = max(arrivals.max() ?? time, time)
        arrivals.removeAll { $0 <= latest - threshold.within }
        guard threshold.within > .zero else { return }
        if arrivals.count + count >= threshold.count {
            state = .open
            opened = now
            arrivals = []
        } else {
            arrivals.append(contentsOf: repeatElement(time, count: count))
        }
    }

    /// Sets when an open incident with a new hit is told. Returns whether that is in the digest of late hits.
    private mutating func arrange(isLate late: Bool, _ policy: ReportPolicy, at now: Timestamp) -> Bool {
        let wait = isUrgent ? Duration.zero : policy.groupWait
        if let backSince {
            // What comes and goes within the wait does not begin to wait again and again.
            due = min(due ?? .distantFuture, max(now, backSince + wait))
            return false
        }
        if let last = lastLetter {
            due = min(due ?? .distantFuture, max(now, last + policy.interval(afterReturns: returns)))
            return false
        }
        if late {
            guard due == nil else { return false }
            isLate = true
            return true
        }
        isLate = false
        due = min(due ?? .distantFuture, now + wait)
        return false
    }
}
