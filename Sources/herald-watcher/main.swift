// herald-watcher: from log lines to reports. It reads the journal, log files, rules and settings, and writes its own
// state and letters into incoming/watcher/; it opens no connection and holds no credentials.

import Glibc
import Platform
import Watching

let options = DaemonOptions.ofThisProcess(
    program: "herald-watcher", purpose: "watches the journal and log files, and reports critical errors")
DaemonLog.bootstrap(identifier: "herald-watcher")
exit(WatcherProgram.run(options))
