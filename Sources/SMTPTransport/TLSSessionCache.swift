// TLS sessions to take up again, so that a new connection costs no certificate and one round trip less (RFC 8446 section
// 2.2). A session that is taken up is not verified again: only verified ones come here, and they are found by all that their
// verification depended on. What is kept would let its holder resume the session: it lies in a Secret.

import Formats
import Glibc
import Platform
import SMTPProtocol
import Synchronization

/// Sessions of all servers, for all threads.
package final class TLSSessionCache: Sendable {
    /// What a session is good for.
    struct Key: Hashable, Sendable {
        let server: ServerAddress
        let terms: TLSTerms
        /// The files that the terms name, as they were then.
        private let files: [FileStamp]

        private struct FileStamp: Hashable, Sendable {
            let inode: UInt64
            let size: Int64
            let modified: Timestamp
        }

        init(_ server: ServerAddress, _ terms: TLSTerms) {
            self.server = server
            self.terms = terms
            var paths = [terms.clientCertificate].compactMap { $0 }
            if case .file(let path) = terms.authority { paths.append(path) }
            files = paths.compactMap { path in
                guard let status = (try? FileStatus.of(path)) ?? nil else { return nil }
                return FileStamp(inode: status.inode, size: status.size, modified: status.modified)
            }
        }
    }

    private struct Kept {
        var session: Secret
        var since: Duration
    }

    private let sessions = Mutex<[Key: [Kept]]>([:])

    /// A certificate may end, and an authority may go, while a session lives: this is how long that is not noticed.
    static let age = Duration.seconds(3600)
    /// Over all servers, and of one: as many as connections that may begin together.
    private static let limit = 256
    private static let limitOfOne = 4

    package init() {}

    /// The newest session, which nobody else gets (RFC 8446 appendix C.4: each ticket once).
    func take(_ key: Key, now: Duration = SystemClock.monotonic()) -> Secret? {
        sessions.withLock { sessions in
            guard var kept = sessions.removeValue(forKey: key) else { return nil }
            kept.removeAll { now - $0.since > Self.age }
            let session = kept.popLast()?.session
            if !kept.isEmpty { sessions[key] = kept }
            return session
        }
    }

    func keep(_ session: Secret, _ key: Key, now: Duration = SystemClock.monotonic()) {
        sessions.withLock { sessions in
            sessions[key, default: []].append(Kept(session: session, since: now))
            if let kept = sessions[key], kept.count > Self.limitOfOne { sessions[key] = kept.suffix(Self.limitOfOne) }
            guard sessions.values.reduce(0, { $0 + $1.count }) > Self.limit else { return }
            let oldest = sessions.min { $0.value[0].since < $1.value[0].since }
            if let oldest { sessions[oldest.key] = nil }
        }
    }
}
