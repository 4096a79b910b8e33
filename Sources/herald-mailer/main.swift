// herald-mailer: delivers every letter, exactly as promised. It takes letters out of incoming/, keeps them in its queue,
// and is the only program of Herald's that opens connections; it reads no log and no document.

import Glibc
import Mailing
import Platform

CoreDump.refuse()
let options = DaemonOptions.ofThisProcess(
    program: "herald-mailer", purpose: "takes letters from the other daemons and delivers them")
DaemonLog.bootstrap(identifier: "herald-mailer")
exit(MailerProgram.run(options))
