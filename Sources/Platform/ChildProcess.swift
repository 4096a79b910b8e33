// Other people's programs, run as children: bounded in time, memory and output, killed with their group at the deadline.

import CPlatform
import Formats
import Glibc

/// What to run, and within which bounds.
package struct ChildProcess: Sendable {
    /// Element 0 is an absolute path.
    package var arguments: [String]
    /// Given whole; nothing of ours is inherited.
    package var environment: [String] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
    package var deadline: Duration
    package var outputLimit = 1 << 20
    package var cpuSeconds: UInt64 = 0
    package var memoryBytes: UInt64 = 0
    package var fileBytes: UInt64 = 0
    /// The child may signal no process but itself, and gains no privileges.
    package var isConfined = false

    package init(_ arguments: [String], deadline: Duration) {
        self.arguments = arguments
        self.deadline = deadline
    }

    package enum Ending: Equatable, Sendable {
        /// The exit code; 128 + the number for a signal.
        case exited(Int32)
        case timedOut
        case tooMuchOutput
    }

    package struct Result: Sendable {
        package var ending: Ending
        package var output: [UInt8]
        /// The last 64 KiB at most.
        package var errors: [UInt8]

        /// How it ended and what it said of it: `ended with 3: no such entry`.
        package var words: String {
            let said = Printable.text(errors, limit: 300)
            return switch ending {
            case .exited(let code): "ended with \(code)" + (said.isEmpty ? "" : ": \(said)")
            case .timedOut: "took too long and was ended"
            case .tooMuchOutput: "wrote more than can be taken and was ended"
            }
        }
    }

    /// Runs to the end; blocks the calling thread. Standard input is `input`, or the descriptor `file`; `more` is the
    /// child's descriptor 3.
    package func run(
        input: [UInt8] = [], file: Descriptor? = nil, more: Descriptor? = nil
    ) throws(SystemError) -> Result {
        signal(SIGPIPE, SIG_IGN)  // a child that ends without reading is its business, not our end
        var (pid, exchange) = try start(input: input, file: file, more: more)
        var result = Result(ending: .exited(0), output: [], errors: [])
        let ending = exchange.run(until: SystemClock.monotonic() + deadline, limit: outputLimit, result: &result)
        var status: Int32 = 0
        if ending != nil || !Self.awaitExit(pid, &status, until: SystemClock.monotonic() + .seconds(2)) {
            kill(-pid, SIGKILL)
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
        kill(-pid, SIGKILL)  // what it may have left in its group
        result.ending = ending ?? .exited(herald_exit_code(status))
        return result
    }

    /// The child's ends of the pipes are closed here when this returns, so that the end of its output is seen.
    private func start(
        input: [UInt8], file: Descriptor?, more: Descriptor?
    ) throws(SystemError) -> (pid_t, Exchange) {
        let (inRead, inWrite) = try Self.pipe()
        let (outRead, outWrite) = try Self.pipe()
        let (errRead, errWrite) = try Self.pipe()
        inWrite.setNonblocking(true)
        let pid = try spawn(
            (file?.number ?? inRead.number, outWrite.number, errWrite.number, more?.number ?? -1))
        let feeding = file == nil && !input.isEmpty
        return (pid, Exchange(input: input, inWrite: feeding ? inWrite : nil, outRead: outRead, errRead: errRead))
    }

    private func spawn(_ ends: Ends) throws(SystemError) -> pid_t {
        var limits = herald_limits(
            cpu_seconds: cpuSeconds, memory_bytes: memoryBytes, file_bytes: fileBytes, no_signals: isConfined ? 1 : 0)
        return try Self.spawn(arguments, environment, ends, &limits)
    }

    /// The child's descriptors 0 to 2, and 3 where it is to have one; -1: none.
    typealias Ends = (input: Int32, output: Int32, errors: Int32, more: Int32)

    static func spawn(
        _ arguments: [String], _ environment: [String], _ ends: Ends, _ limits: inout herald_limits
    ) throws(SystemError) -> pid_t {
        var argv = arguments.map { UnsafePointer<CChar>(strdup($0)) }
        var variables = environment.map { UnsafePointer<CChar>(strdup($0)) }
        defer { for pointer in argv + variables { free(UnsafeMutablePointer(mutating: pointer)) } }
        argv.append(nil)
        variables.append(nil)
        return try retrying("start", arguments.first ?? "") {
            herald_spawn(argv, variables, ends.input, ends.output, ends.errors, ends.more, &limits)
        }
    }

    static func awaitExit(_ pid: pid_t, _ status: inout Int32, until end: Duration) -> Bool {
        while true {
            let got = waitpid(pid, &status, WNOHANG)
            if got == pid || (got < 0 && errno != EINTR) { return true }
            if SystemClock.monotonic() > end { return false }
            usleep(1000)
        }
    }

    private static func pipe() throws(SystemError) -> (read: Descriptor, write: Descriptor) {
        var ends: [Int32] = [0, 0]
        try retrying("make a pipe") { herald_pipe(&ends) }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }
}

/// The exchange of bytes with a running child.
private struct Exchange {
    let input: [UInt8]
    var inWrite: Descriptor?
    var outRead: Descriptor?
    var errRead: Descriptor?

    /// Nil when the child closed its output by itself.
    mutating func run(until end: Duration, limit: Int, result: inout ChildProcess.Result) -> ChildProcess.Ending? {
        var written = 0
        while outRead != nil || errRead != nil {
            let left = end - SystemClock.monotonic()
            if left <= .zero { return .timedOut }
            let waiting = [(outRead, Interest.readable), (errRead, .readable), (inWrite, .writable)].filter {
                $0.0 != nil
            }
            let ready = (try? Poller.wait(waiting.map { ($0.0?.number ?? -1, $0.1) }, timeout: left)) ?? []
            for index in ready {
                let descriptor = waiting[index].0
                if descriptor === inWrite { feed(&written) }
                if descriptor === outRead {
                    let chunk = (try? outRead?.read(upTo: 1 << 16)) ?? []
                    if chunk.isEmpty { outRead = nil }
                    result.output.append(contentsOf: chunk)
                    if result.output.count > limit { return .tooMuchOutput }
                }
                if descriptor === errRead {
                    let chunk = (try? errRead?.read(upTo: 1 << 16)) ?? []
                    if chunk.isEmpty { errRead = nil }
                    result.errors = Array((result.errors + chunk).suffix(1 << 16))
                }
            }
        }
        return nil
    }

    private mutating func feed(_ written: inout Int) {
        guard let target = inWrite else { return }
        let count = input.withUnsafeBytes {
            write(target.number, $0.baseAddress?.advanced(by: written), input.count - written)
        }
        if count > 0 { written += count }
        if (count < 0 && errno != EAGAIN && errno != EINTR) || written == input.count { inWrite = nil }
    }
}
