// Traces of compiled programs, and of the kernel.

extension TraceCase {
    static let native = [
        TraceCase(
            .go, "a panic by a signal",
            """
            panic: runtime error: invalid memory address or nil pointer dereference
            [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b2a6]

            goroutine 1 [running]:
            main.(*Ledger).Sum(...)
            \t/srv/ledger/sum.go:14
            main.main()
            \t/srv/ledger/main.go:9 +0x1d

            goroutine 18 [chan receive, 2 minutes]:
            main.watch(0xc000012345, {0x4b1f20, 0x3})
            \t/srv/ledger/watch.go:31 +0x65
            created by main.main in goroutine 1
            \t/srv/ledger/main.go:7 +0x2f
            exit status 2
            """),
        TraceCase(
            .go, "all goroutines are asleep",
            """
            fatal error: all goroutines are asleep - deadlock!

            goroutine 1 [chan send]:
            main.main()
            \t/tmp/a.go:5 +0x37
            """),
        TraceCase(
            .go, "panics in panics",
            """
            panic: first [recovered]
            \tpanic: second

            goroutine 7 [running]:
            main.main.func1()
            \t/tmp/b.go:8 +0x45
            panic({0x48e0a0?, 0x4c3d08?})
            \t/usr/lib/go/src/runtime/panic.go:770 +0x132
            """),
        TraceCase(
            .go, "a data race",
            """
            ==================
            WARNING: DATA RACE
            Write at 0x00c00001c0a8 by goroutine 7:
              main.main.func1()
                  /tmp/race.go:9 +0x3c

            Previous read at 0x00c00001c0a8 by main goroutine:
              main.main()
                  /tmp/race.go:12 +0x88
            ==================
            """),
        TraceCase(
            .rust, "with a backtrace",
            """
            thread 'main' panicked at src/ledger.rs:41:18:
            called `Option::unwrap()` on a `None` value
            stack backtrace:
               0: rust_begin_unwind
                         at /rustc/90c541806f23a127002de5b4038be731ba1458ca/library/std/src/panicking.rs:578:5
               1: ledger::sum
                         at ./src/ledger.rs:41:18
            note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
            """),
        TraceCase(
            .rust, "without",
            """
            thread 'tokio-runtime-worker' panicked at src/net.rs:7:5:
            no route
            note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            """),
        TraceCase(
            .rust, "before 1.73",
            """
            thread 'main' panicked at 'index out of bounds: the len is 3 but the index is 7', src/main.rs:4:5
            note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
            """),
        TraceCase(
            .cpp, "an exception that nobody caught",
            """
            terminate called after throwing an instance of 'std::runtime_error'
              what():  cannot open the ledger
            """),
        TraceCase(
            .cpp, "a sanitizer",
            """
            =================================================================
            ==812==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x0000004c3e bp 0x7ffd sp 0x7ffc
            READ of size 4 at 0x602000000010 thread T0
                #0 0x4c3e in main /src/a.cc:7:3

            0x602000000010 is located 0 bytes inside of 4-byte region [0x602000000010,0x602000000014)
            SUMMARY: AddressSanitizer: heap-use-after-free /src/a.cc:7:3 in main
            ==812==ABORTING
            """),
        TraceCase(
            .cpp, "the C library's check of the stack",
            """
            *** stack smashing detected ***: terminated
            ======= Backtrace: =========
            /lib/x86_64-linux-gnu/libc.so.6(+0x8f1b7)[0x7f3a1c08f1b7]
            ./ledger(main+0x4e)[0x55d0c1a0004e]
            """),
    ]
}
