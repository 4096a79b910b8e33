// What a block of lines is searched for, so that only the neighbourhood of traces is looked at line by line.
// Must stay true: every line that begins or goes on with a trace, and is looked at for the first time because of that,
// holds one of these (a test compares with looking at every line).

/// Literals for the block scan.
package enum TraceTriggers {
    package static let literals: [String] = languages + containers + kernel + oopses

    private static let languages = [
        // Java, JavaScript, .NET
        "\tat ", "  at ", "#011at ", " eval at ", "Exception in thread \"", "Exception: ", "Error: ", "Throwable: ",
        "Exception\n",
        "Error\n", "Exception\r\n", "Error\r\n", "Fault: ", "Failure: ", "Failure\n", "Fault\n", "Throwable\n",
        "Exception [",
        "Error [", "Error {", "Exception {", "Caused by:", "nested exception is:", "Suppressed: ", "Uncaught ",
        "UnhandledPromiseRejection",
        "node:internal/", "Unhandled exception", "Unhandled Exception: ", "Fatal error. ", "Process terminated. ",
        "Stack overflow.", " ---> ", "fail: ", "crit: ",
        // Python
        "Traceback (most recent call last):", "  File \"", "Fatal Python error: ",
        // Go
        "panic: ", "http: panic serving ", "fatal error: ", "runtime: goroutine stack", "runtime: out of memory",
        "SIGSEGV: segm", "SIGABRT: abort", "SIGQUIT: quit", "unexpected fault address", "goroutine ",
        "WARNING: DATA RACE",
        // Rust
        "panicked at", "has overflowed its stack",
        // PHP
        "PHP Fatal error:", "Fatal error: Uncaught", "Stack trace:", "PHP Parse error:", "PHP Recoverable fatal",
        "{\"exception\":\"[object]", "[stacktrace]",
        // Ruby, Perl
        ":in '", ":in `", "[BUG] ", " called at ", "):\n", "):\r\n",
        // C and C++
        "terminate called ", "libc++abi", "*** stack smashing", "*** buffer overflow", "*** Error in `", "*** SIG",
        "*** Aborted at ", "double free or corruption", "free(): ", "malloc(): ", "realloc(): ", "munmap_chunk(): ",
        "corrupted size vs", "Stack trace (most", "Program received signal", "Program terminated with",
        "(EE) Backtrace:",
        "#0  0x", "#0 0x", "    #0 ", "Sanitizer:", "==========",
    ]

    private static let containers = [" stderr P ", " stdout P ", " stderr P:", " stdout P:"]

    private static let kernel = [
        "BUG: ", "BUG kmalloc", "(Tainted: ", "(Not tainted", "[ BUG: ", "[ INFO: ", "[ WARNING: ", "[ cut here ]",
        "WARNING: CPU: ", "WARNING: possible ", "WARNING: suspicious ",
        "WARNING: inconsistent ",
        "WARNING: bad ", "WARNING: held ", "WARNING: lock", "WARNING: kernel ", "WARNING: stack ", "WARNING: Nested ",
        "WARNING: nested ", "WARNING: at ", ", CPU#", "WARNING: SOFTIRQ", "WARNING: HARDIRQ",
        "general protection fault",
        "INFO: task ",
        "INFO: rcu", "INFO: possible ", "INFO: trying to register", "INFO: suspicious ", "Oops",
        "Unable to handle kernel",
        "Internal error: ", "kernel BUG at ", "Kernel panic - not", "divide error:", "divide_error:", "invalid opcode:",
        "stack segment:", "int3:", "double fault", "UBSAN: ", "Kernel BUG", "kernel tried to exec", "KASAN: ",
        "unreferenced object 0x", "usercopy: Kernel", "Unhandled fault:", "NMI backtrace for", "Sending NMI from",
        "Call Trace:", "Call trace:", "list_add corrupt", "list_del corrupt", "refcount_t: ", "Bad page ",
        "Kernel stack overflow", "stack-protector:", "corrupted stack end", "Showing busy workqueues", "hard LOCKUP",
        " invoked oom-killer:", "page allocation ", ": blocked for more", "detected stalls on", "self-detected stall",
        ": nobody cared",
    ]

    /// `[#12]`, an oops' number.
    private static let oopses = (1...9).map { "[#\($0)" }

    /// Regular expressions (Vectorscan, caseless never, `^` is the start of a line): a place in a script, alone on its line;
    /// a line that opens an object of JSON and does not close it. 0xFF stands beside the first byte because of a fault of
    /// Vectorscan (StopBytes in RuleMatching).
    package static let expressions = [
        "[.\\xff][cm]?[jt]sx?:[0-9]{1,7}\\r?\\n",
        "(?:^|\\xff)[\\{\\xff][ \\t\\r]*\\n", "(?:^|\\xff)[\\{\\xff][^\\n]*[,:\\[\\{][ \\t\\r]*\\n",
    ]
}
