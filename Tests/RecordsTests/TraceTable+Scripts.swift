// Traces of the languages that are run from their source.

extension TraceCase {
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
}
