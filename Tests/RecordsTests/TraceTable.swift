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
}
