// The MTA-STS policies that all delivery threads share. What must stay true: no lock is held while anything is waited for.

import Formats
import MailRouting
import Platform
import Synchronization

/// Thread-safe. Made with what was kept over the restart; whoever keeps it asks for the changes from time to time.
package final class PolicyBook: Sendable {
    private struct State {
        var book: STSBook
        var changes: [DomainName: STSEntry] = [:]
    }

    private let state: Mutex<State>

    package init(_ kept: [STSEntry] = []) { state = Mutex(State(book: STSBook(kept))) }

    /// What has been learned since the last call, to be kept over a restart: one entry a domain.
    package func takeChanges() -> [STSEntry] {
        state.withLock { state in
            defer { state.changes = [:] }
            return state.changes.values.sorted { $0.domain.ascii < $1.domain.ascii }
        }
    }

    /// The policy that holds for `domain` now, fetched if need be, and why none could be fetched. Blocks; two threads may
    /// fetch the same at once, which does no harm.
    func policy(
        for domain: DomainName, _ resolver: Resolver, allowsPrivate: Bool
    ) -> (policy: STSPolicy?, trouble: String?) {
        let announced = announcement(domain, resolver)
        let step = state.withLock { $0.book.step(domain, announced, now: SystemClock.now()) }
        guard case .fetch(let id) = step else {
            if case .use(let policy) = step { return (policy, nil) }
            return (nil, nil)
        }
        do throws(PolicyFault) {
            let policy = try PolicyFetch.policy(of: domain, resolver, allowsPrivate: allowsPrivate)
            state.withLock { state in
                state.changes[domain] = state.book.fetched(domain, id: id, policy, now: SystemClock.now())
            }
            return (policy, nil)
        } catch {
            let kept = state.withLock { $0.book.failed(domain, now: SystemClock.now()) }
            let words = "the MTA-STS policy of \(domain) cannot be fetched: \(error.words)"
            return (kept, words + (kept == nil ? "" : "; the one that is known goes on to hold"))
        }
    }

    private func announcement(_ domain: DomainName, _ resolver: Resolver) -> STSBook.Announcement {
        guard let name = domain.beneath("_mta-sts") else { return .nothing }
        var texts: [[UInt8]] = []
        for case .text(let text) in resolver.answer(DNSQuestion(name, .txt)).records { texts.append(text) }
        return STSRecord(parsing: texts).map { .policy(id: $0.id) } ?? .nothing
    }
}
