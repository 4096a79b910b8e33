// Stack traces as the runtimes write them, each to be one record.

import Records
import Testing

/// One trace, as it stands in a program's output.
struct TraceCase: Sendable, CustomTestStringConvertible {
    var language: TraceLanguage
    var name: String
    var text: String
    var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
    var testDescription: String { "\(language.rawValue): \(name)" }

    init(_ language: TraceLanguage, _ name: String, _ text: String) {
        (self.language, self.name, self.text) = (language, name, text)
    }

    static let all = managed + scripts + native

    static let managed = [
        TraceCase(
            .java, "uncaught, with causes and a suppressed one",
            """
            Exception in thread "main" java.lang.IllegalStateException: cannot open the ledger
            \tat org.example.ledger.Store.open(Store.java:88)
            \tat org.example.ledger.Main.main(Main.java:17)
            \tSuppressed: java.io.IOException: cannot close
            \t\tat org.example.ledger.Store.close(Store.java:131)
            \t\t... 2 more
            Caused by: java.sql.SQLException: no such table: ledger
            \tat org.example.db.Connection.run(Connection.java:412)
            \tat java.base/java.lang.reflect.Method.invoke(Method.java:580)
            \t... 1 more
            Caused by: java.net.ConnectException: Connection refused
            \tat java.base/sun.nio.ch.Net.pollConnect(Native Method)
            \t... 5 common frames omitted
            """),
        TraceCase(
            .java, "a class alone, and a message of several lines",
            """
            org.example.shop.CheckoutException: the order is not complete:
            - no address
            - no payment
            \tat org.example.shop.Order.check(Order.java:45)
            \tat org.example.shop.Order$Lines.lambda$all$0(Order.java:93) ~[shop-2.1.jar:2.1]
            Caused by: java.lang.NullPointerException
            \tat org.example.shop.Cart.total(Cart.kt:12)
            """),
        TraceCase(
            .java, "a cause that refers back",
            """
            java.lang.Exception: first
            \tat org.example.A.a(A.java:1)
            Caused by: java.lang.Exception: second
            \tat org.example.B.b(Unknown Source)
            \t... 1 more
            [CIRCULAR REFERENCE: java.lang.Exception: first]
            """),
        TraceCase(
            .javascript, "Node, uncaught, with the place and its mark",
            """
            /srv/shop/cart.js:12
                throw new RangeError(`no item ${id}`);
                ^

            RangeError: no item 7
                at Cart.take (/srv/shop/cart.js:12:11)
                at async /srv/shop/server.js:40:5
                at process.processTicksAndRejections (node:internal/process/task_queues:95:5)

            Node.js v18.19.0
            """),
        TraceCase(
            .javascript, "properties and a cause",
            """
            Error: cannot read the price list
                at load (/srv/shop/prices.mjs:8:9)
                ... 3 lines matching cause stack trace ...
                at main (/srv/shop/index.mjs:3:1) {
              code: 'EPRICE',
              [cause]: Error: ENOENT: no such file or directory, open '/srv/prices.json'
                  at Object.openSync (node:fs:601:3) {
                errno: -2,
                path: '/srv/prices.json'
              }
            }
            """),
        TraceCase(
            .javascript, "V8, with places inside of eval",
            """
            the worker's last stack trace
              eval at Plan.run (eval at Plan.load (plan.js:31:9))
              at new Step.Reader (native)
              at main (plan(2).js:6:4)
            """),
        TraceCase(
            .javascript, "a rejected promise",
            """
            node:internal/process/promises:288
                        triggerUncaughtException(err, true /* fromPromise */);
                        ^

            TypeError: Cannot read properties of undefined (reading 'sum')
                at /srv/report/run.js:31:17
                at new Promise (<anonymous>)
            """),
        TraceCase(
            .dotnet, "unhandled, with an inner exception",
            """
            Unhandled exception. System.InvalidOperationException: The ledger is closed.
             ---> System.IO.IOException: No space left on device
               at Ledger.Store.Write(Byte[] data) in /src/Store.cs:line 61
               --- End of inner exception stack trace ---
               at Ledger.Store.Close() in /src/Store.cs:line 90
               at Ledger.Program.Main(String[] args) in /src/Program.cs:line 9
            """),
        TraceCase(
            .dotnet, "across awaits",
            """
            System.TimeoutException: The operation has timed out.
               at Shop.Payment.PayAsync(Order order)
            --- End of stack trace from previous location ---
               at Shop.Checkout.RunAsync(CancellationToken token)
               at Shop.Program.<Main>(String[] args)
            """),
        TraceCase(
            .dotnet, "the console logger of ASP.NET Core",
            """
            fail: Microsoft.AspNetCore.Server.Kestrel[13]
                  Connection id "0HN1", Request id "0HN1:00000002": An unhandled exception was thrown by the application.
                  System.NullReferenceException: Object reference not set to an instance of an object.
                     at Shop.Pages.Index.OnGet() in /src/Index.cshtml.cs:line 22
            """),
        TraceCase(
            .dart, "an assertion",
            """
            Unhandled exception:
            'file:///srv/app/bin/main.dart': Failed assertion: line 12 pos 10: 'count > 0': is not true.
            #0      _AssertionError._doThrowNew (dart:core-patch/errors_patch.dart:51:61)
            #1      main (file:///srv/app/bin/main.dart:12:10)
            """),
        TraceCase(
            .dart, "an exception",
            """
            Unhandled exception:
            FormatException: Unexpected character (at character 1)
            #0      int.parse (dart:core-patch/integers_patch.dart:53:5)
            #1      main (file:///srv/app/bin/main.dart:4:7)
            <asynchronous suspension>
            """),
        TraceCase(
            .dart, "in a zone",
            """
            Unhandled exception:
            Bad state: No element
            #0      List.first (dart:core-patch/growable_array.dart:344:5)
            #1      _rootRun (dart:async/zone.dart:1390:13)
            """),
    ]

    static let scripts = [
        TraceCase(
            .python, "a chain, with marks under the place",
            """
            Traceback (most recent call last):
              File "/srv/feed/fetch.py", line 31, in fetch
                return cache[url]
                       ~~~~~^^^^^
            KeyError: 'https://feeds.example/a'

            During handling of the above exception, another exception occurred:

            Traceback (most recent call last):
              File "/srv/feed/run.py", line 12, in <module>
                main()
              File "/srv/feed/fetch.py", line 33, in fetch
                raise FeedError(url) from None
              [Previous line repeated 3 more times]
            feed.errors.FeedError: https://feeds.example/a
            """),
        TraceCase(
            .python, "a group of exceptions",
            """
              + Exception Group Traceback (most recent call last):
              |   File "/srv/feed/group.py", line 9, in <module>
              |     asyncio.run(main())
              | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
              +-+---------------- 1 ----------------
                | Traceback (most recent call last):
                |   File "/srv/feed/group.py", line 4, in one
                |     raise ValueError(1)
                | ValueError: 1
                +---------------- 2 ----------------
                | OSError: [Errno 5] Input/output error
                +------------------------------------
            """),
        TraceCase(
            .python, "the fault handler",
            """
            Fatal Python error: Segmentation fault

            Current thread 0x00007f2a1c0a4740 (most recent call first):
              File "/srv/image/resize.py", line 7 in scale
              File "/srv/image/run.py", line 3 in <module>

            Extension modules: PIL._imaging (total: 1)
            """),
        TraceCase(
            .ruby, "uncaught, with a cause",
            """
            /srv/report/lib/table.rb:12:in 'Table#sum': undefined method '+' for nil (NoMethodError)

                rows[0] + rows[1]
                        ^
            \tfrom /srv/report/lib/report.rb:30:in 'block in Report#run'
            \tfrom /srv/report/run.rb:4:in '<main>'
            /srv/report/lib/table.rb:9:in 'Table#row': no such row (IndexError)
            \tfrom /srv/report/lib/table.rb:11:in 'Table#sum'
            """),
        TraceCase(
            .ruby, "Rails",
            """
            ActionView::Template::Error (undefined method 'name' for nil):
                1: <h1>
                2:   <%= @user.name %>

            app/views/users/show.html.erb:2:in `_app_views_users_show'
            app/controllers/users_controller.rb:8:in `show'
            """),
        TraceCase(
            .ruby, "before 2.8, the other way round",
            """
            Traceback (most recent call last):
            \t2: from run.rb:9:in `<main>'
            \t1: from run.rb:5:in `outer'
            run.rb:2:in `inner': broken (RuntimeError)
            """),
        TraceCase(
            .php, "uncaught, with the one before",
            """
            PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /srv/www/db.php:14
            Stack trace:
            #0 /srv/www/db.php(14): PDO->__construct('mysql:host=127....', 'shop', Object(SensitiveParameterValue))
            #1 {main}

            Next ShopException: the shop is closed in /srv/www/index.php:30
            Stack trace:
            #0 /srv/www/index.php(41): open()
            #1 {main}
              thrown in /srv/www/index.php on line 30
            """),
        TraceCase(
            .ruby, "the class first, as loggers write it",
            """
            Ledger::Store::ClosedError: the ledger is closed
              lib/ledger/store.rb:41:in 'Ledger::Store#write'
              lib/ledger/run.rb:7:in 'block in Ledger::Run#call'
            app.rb:3:in '<main>'
            """),
        TraceCase(
            .php, "the class first, as __toString writes it",
            """
            App\\Shop\\StockException: no stock in /srv/www/app/Stock.php:20
            Stack trace:
            #0 /srv/www/app/Cart.php(11): App\\Shop\\Stock->take(7)
            #1 {main}

            Next App\\Shop\\CartException: no cart in /srv/www/app/Cart.php:12
            Stack trace:
            #0 {main}
            """),
        TraceCase(
            .php, "Xdebug",
            """
            PHP Fatal error:  Uncaught Error: Call to undefined function pay() in /srv/www/pay.php:3
            PHP Stack trace:
            PHP   1. {main}() /srv/www/pay.php:0
            PHP   2. checkout($order = 7) /srv/www/pay.php:9
            """),
        TraceCase(
            .php, "Monolog",
            """
            [2026-11-21 12:41:14] production.ERROR: no stock {"exception":"[object] (App\\\\StockException(code: 0): no stock at /srv/www/app/Stock.php:20)
            [stacktrace]
            #0 /srv/www/app/Cart.php(11): App\\\\Stock->take(7)
            #1 {main}
            "}
            """),
        TraceCase(
            .perl, "confess",
            """
            cannot open the spool: Permission denied at /usr/share/perl5/Spool.pm line 88.
            \tSpool::open("/var/spool/x") called at /usr/sbin/spoold line 12
            \tmain::run() called at /usr/sbin/spoold line 40
            """),
        TraceCase(
            .perl, "in an eval",
            """
            no such queue at lib/Queue.pm line 7.
            \tQueue::get(undef, 'a') called at run.pl line 3
            \teval {...} called at run.pl line 3
            """),
        TraceCase(
            .perl, "with a file handle",
            """
            bad line at parse.pl line 5, <STDIN> line 3.
            \tmain::parse("x") called at parse.pl line 9
            """),
    ]

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
