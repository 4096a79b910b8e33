// Reports of the Linux kernel: oopses, warnings, lockups, stalls, hung tasks, lockdep, KASAN and its kin, out of memory,
// panics (Documentation/admin-guide/bug-hunting.rst, lockup-watchdogs.rst, dev-tools/kasan.rst, locking/lockdep-design.rst,
// RCU/stallwarn.rst, mm/oom_kill.c's dump). Where printk names the caller (`[T123]`, CONFIG_PRINTK_CALLER) all lines of that
// caller are the report's; else it is told by their form, for other parts of the kernel write in between.

extension TraceState {
    mutating func kernel(_ line: TraceText) -> TraceVerdict {
        if line.isBlank { return .maybe }
        if line.starts("---[ end trace") {
            mark = true
            return .joins
        }
        if line.starts("---[ end Kernel panic") || line.starts("Rebooting in ") { return .last }
        // The tail of the report of a killed process; what follows is another's.
        if Self.isKill(line) { return .last }
        // A report on one waiting task holds no line about another: where many wait, each is a report.
        if hasCalls || mark || line.starts("INFO: task "), beginsAnother(line) { return .foreign }
        if Self.isHeadline(line) {
            // Two processors report at once, and nothing says which of them wrote a line: each is told, though what
            // follows is joined to the later one.
            if hasHeadline, !ownsStream { return .foreign }
            hasHeadline = true
        }
        if line.startsWithAny(["Call Trace:", "Call trace:", "Backtrace:", "Backtrace: ", "[<"]) { hasCalls = true }
        return ownsStream || Self.isReportLine(line) ? .joins : .foreign
    }

    /// Where the callers were read, or the end: the first line of another report. A panic is the end of this one.
    private func beginsAnother(_ line: TraceText) -> Bool {
        guard !line.starts("Kernel panic"), !line.startsWithAny(["KASAN: ", "Oops", "Internal error: "]),
            let other = Self.kernelOpening(line)
        else {
            return false
        }
        return other.phase != .ruler
            && !line.startsWithAny(["Call Trace:", "Call trace:", "CPU: ", "RIP: ", "Modules linked in:"])
            && !line.starts("NMI backtrace for cpu") && !line.starts("Sending NMI ")
    }

    /// `BUG: unable to handle page fault for address: …`, `watchdog: BUG: soft lockup - CPU#1 stuck …`: once in a report.
    private static func isHeadline(_ line: TraceText) -> Bool { line.has("BUG: ") }

    static func isKill(_ line: TraceText) -> Bool {
        line.has("Killed process ") && (line.has("ut of memory") || line.has("ut of Memory"))
    }

    /// The first line of a report, in a line of the kernel.
    static func kernelOpening(_ line: TraceText) -> TraceState? {
        // Most lines of the kernel begin in no such way.
        guard let first = line.body.first else { return nil }
        if first == UInt8(ascii: "="), isRuler(line) { return TraceState(.kernel, .ruler, confirmed: false) }
        // Since Linux 6.19: `WARNING: fs/a.c:7 at f+0x1/0x2, CPU#0: p/1`; where no names are known, with an address for `f`.
        if line.starts("WARNING: "), line.hasAny(["+0x", ", CPU#"]) || kernelWarnings.begins(line.body) {
            return TraceState(.kernel, .head)
        }
        // SLUB's, and lockdep's before Linux 4.12.
        if first == UInt8(ascii: "B"), line.starts("BUG "), line.has("ainted") { return TraceState(.kernel, .head) }
        if first == UInt8(ascii: "["), line.startsWithAny(["[ BUG: ", "[ INFO: ", "[ WARNING: "]) {
            return TraceState(.kernel, .head)
        }
        if kernelOpenings.begins(line.body) || kernelOpeningsWithin.isIn(line.bytes) || hasOopsNumber(line) {
            var state = TraceState(.kernel, .head)
            state.hasHeadline = isHeadline(line)
            return state
        }
        return nil
    }

    /// `0000 [#2] PREEMPT SMP`, `Oops[#3]:`, as each processor's `die` numbers its oopses. Behind it stands a word of capitals
    /// or a colon, or nothing where a number stands before it; `ticket [#7] closed` is none.
    private static func hasOopsNumber(_ line: TraceText) -> Bool {
        guard let behind = line.behind("[#") else { return false }
        let digits = behind.prefix { TraceText.isDigit($0) }.count
        guard (1...4).contains(digits), behind.dropFirst(digits).first == UInt8(ascii: "]") else { return false }
        let before = line.bytes[line.body.startIndex..<max(line.body.startIndex, behind.startIndex - 2)]
        guard let last = before.last(where: { $0 != 0x20 }) else { return false }
        let after = behind.dropFirst(digits + 1)
        guard let next = after.first(where: { $0 != 0x20 }) else { return isDigit16(last) }
        return after.first == 0x3a || after.first == 0x20 && next &- 65 < 26
    }

    private static let kernelWarnings = TextSet([
        "WARNING: CPU: ", "WARNING: possible ", "WARNING: suspicious ", "WARNING: inconsistent ", "WARNING: bad ",
        "WARNING: held ", "WARNING: lock ", "WARNING: kernel ", "WARNING: stack ", "WARNING: Nested ", "WARNING: at ",
        "WARNING: locking ", "WARNING: SOFTIRQ", "WARNING: HARDIRQ", "WARNING: nested ",
    ])

    private static let kernelOpenings = TextSet([
        "BUG: ", "------------[ cut here ]", "general protection fault", "INFO: task ", "INFO: rcu",
        "INFO: possible ", "INFO: trying to register non-static key", "INFO: suspicious ", "rcu: INFO:", "Oops",
        "Unable to handle kernel", "Internal error: ", "kernel BUG at ", "Kernel panic - not syncing", "divide error:",
        "divide_error:", "invalid opcode:", "stack segment:", "int3:", "double fault:", "PANIC: double fault",
        "UBSAN: ",
        "Kernel BUG", "kernel tried to execute", "KASAN: ", "unreferenced object 0x",
        "usercopy: Kernel memory", "Unhandled fault:", "NMI backtrace for cpu", "Sending NMI from CPU", "Call Trace:",
        "Call trace:", "list_add corruption", "list_del corruption", "refcount_t: ", "Bad page ",
        "Kernel stack overflow",
        "stack-protector:", "corrupted stack end", "Showing busy workqueues and worker pools:",
    ])

    private static let kernelOpeningsWithin = TextSet([
        "BUG: soft lockup", "BUG: unable to handle", "BUG: workqueue lockup", "hard LOCKUP", " invoked oom-killer:",
        "page allocation failure", "page allocation stalls", ": blocked for more than", "detected stalls on CPU",
        "self-detected stall", ": nobody cared (try booting", "kernel BUG at ", "[#1]",
    ])

    /// Whether a line has a form that only reports have.
    static func isReportLine(_ line: TraceText) -> Bool {
        if line.isIndented || line.has("+0x") { return true }
        guard let first = line.body.first else { return false }
        switch first {
        case UInt8(ascii: "="), UInt8(ascii: "<"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ">"),
            UInt8(ascii: "^"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "["), UInt8(ascii: "("):
            return true
        default: break
        }
        if kernelOpening(line) != nil { return true }
        if isRegisters(line) || isDump(line) { return true }
        return reportLines.begins(line.body) || reportLinesWithin.isIn(line.bytes)
    }

    /// `RAX: 0000…`, `x29: ffff…`, `pc : …`, `r10:c0…`, `CR2: …`: a short name, a colon, hexadecimal digits.
    private static func isRegisters(_ line: TraceText) -> Bool {
        let name = line.span { TraceText.isLetter($0) || TraceText.isDigit($0) }
        guard (2...7).contains(name) else { return false }
        var rest = line.body.dropFirst(name).drop { $0 == 0x20 }
        guard let colon = rest.popFirst(), colon == 0x3a || colon == 0x3d else { return false }
        rest = rest.drop { $0 == 0x20 || $0 == 0x5b || $0 == 0x3c }
        if rest.starts(with: "0x".utf8) { rest = rest.dropFirst(2) }
        return rest.prefix { isDigit16($0) }.count >= 4
    }

    /// `ffff888012345678: 00 00 fb`, `page:ffffea00…`, `raw: 0fff…`, `1234abcd ffff…`.
    private static func isDump(_ line: TraceText) -> Bool {
        let digits = line.body.prefix { isDigit16($0) }.count
        return digits >= 8 && (line.body.dropFirst(digits).first.map { $0 == 0x3a || $0 == 0x20 } ?? true)
    }

    private static func isDigit16(_ byte: UInt8) -> Bool {
        TraceText.isDigit(byte) || (97...102).contains(byte | 0x20)
    }

    private static let reportLines = TextSet([
        "CPU: ", "CPU ", "Hardware name:", "Workqueue:", "RIP:", "RSP:", "EIP:", "Code:", "CS:", "FS:", "CR2:", "DR0:",
        "PKRU:", "Modules linked in:", "Kernel panic", "Kernel Offset:", "Dumping ftrace buffer", "Shutting down cpus",
        "Call Trace:", "Call trace:", "Stack:", "Stack from", "Backtrace", "Exception stack", "Process ",
        "Task dump for CPU",
        "task:", "Allocated by task", "Freed by task", "Last potentially related work", "Second to last potentially",
        "The buggy address", "The freed ", "Memory state around", "Read of size", "Write of size", "Uninit was",
        "Local variable",
        "Bytes ", "Memory access of size", "page:", "page: ", "flags:", "raw:", "page dumped", "page_owner", "head:",
        "anon ",
        "page last ", "prep_new_page", "stack backtrace:", "other info that might", "locks held by", "no locks held",
        "irq event stamp", "hardirqs last", "softirqs last", "Possible ", "Chain exists of", "which lock already",
        "the existing dependency chain", "but task is already", "but there are no more", "and this task is",
        "is trying to",
        "INFO: lockdep is turned off", "lock held when returning", "-> #", "inconsistent {", "{", "Showing all locks",
        "Mem-Info:", "active_anon:", "Node ", "Mem abort info", "Data abort info", "ESR =", "EC =", "SET =", "EA =",
        "FSC =",
        "ISV =", "CM =", "pgd =", "user pgtable", "swapper pgtable", "PGD ", "#PF:", "Oops", "SMP ", "PREEMPT",
        "lowmem_reserve",
        "Total swap", "Free swap", "Swap cache stats", "total pagecache", "pages ", "Tasks state", "oom-kill:",
        "oom_kill",
        "Memory cgroup", "memory: usage", "swap: usage", "kmem: usage", "Unreclaimable slab info", "Name ", "cache: ",
        "SLUB:", "slab_out_of_memory", "Sending NMI", "NMI backtrace", "rcu: ", "rcu_", "INFO: NMI", "Comm:",
        "Tainted:",
        "Not tainted", "\"echo 0 >", "Blocked by", "Disabling lock debugging", "note: ", "Fixing recursive fault",
        "Unexpected error", "KASAN:", "kasan:", "Disabled by", "crash", "Starting crash dump", "Instruction dump:",
        "NIP ",
        "MSR:", "LR ", "GPR", "CFAR:", "IRQMASK:", "epc :", "status:", "Krnl ", "PSW", "pstate:", "sp :", "lr :",
        "pc :",
        "workqueue ", "pool ", "in-flight:", "pending:", "delayed:", "handlers:", "Disabling IRQ", "Reported by Kernel",
        "value changed:", "read to 0x", "write to 0x", "race at unknown", "comm ", "backtrace:", "hex dump",
    ])

    private static let reportLinesWithin = TextSet([
        "is located ", "belongs to the", "which belongs", "in cache ", "pagecache pages", "pages RAM", "pages HighMem",
        "pages reserved", "hugetlb", " pages in swap cache", "locks held by", "lock held by", "is trying to acquire",
        "already holding", "already depends", "state:", "task stack", "<TASK>", "</TASK>", "<IRQ>", "</IRQ>", "tainted",
        "Tainted",
        "Killed process", "cut here", "end trace", "is freeing memory", "is exiting with locks", " dumped because",
        "might help us debug", "nobody cared", "detected by", "kthread starved", "kthread timer", "starved for",
        "is leaving",
        "CPU0", "*** DEADLOCK", "Call Trace", "ftrace buffer", " bytes to the right", " bytes inside of",
        "-byte region",
        "allocated at", "freed at", "hardware name",
    ])
}
