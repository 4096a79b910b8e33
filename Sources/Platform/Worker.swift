// Threads of our own, for work that blocks: the cooperative pool is never blocked.

import CPlatform
import Glibc

/// A POSIX thread that runs one function. Ends when the function returns; `join` waits for that.
package final class Worker: Sendable {
    private let thread: pthread_t

    private init(_ thread: pthread_t) { self.thread = thread }

    /// Starts `body` on a new thread. `name` is seen in ps(1), at most 15 bytes. Join it exactly once.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) -> Worker {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(name, body))
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().start()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SystemError("start a thread", errno: code)
        }
        return Worker(thread)
    }

    package func join() { pthread_join(thread, nil) }

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void

        init(_ name: String, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }

        func start() {
            herald_name_thread(name)
            run()
        }
    }
}
