// herald-responder: from dropped files to reply letters. Started by systemd or by hand; stays in the foreground.

import Glibc
import Logging
import Platform
import Responding

let program = "herald-responder"
let options = DaemonOptions.ofThisProcess(program: program, purpose: "answers applications that arrive in drop folders")
DaemonLog.bootstrap(identifier: program)
let log = Logger(label: program)

do {
    umask(0o007)
    let signals = try Signals()
    let (plan, diagnostics) = ResponderPlan.read(options.config)
    for fault in diagnostics { log.log(level: fault.severity == .warning ? .warning : .error, "\(fault.unlevelled)") }
    guard let plan else { exit(2) }
    guard let extract = ExtractionProcess.find() else {
        log.error("herald-extract is neither beside this program nor in /usr/lib/herald")
        exit(2)
    }
    let responder = try Responder(plan: plan, extraction: ExtractionProcess(path: extract), options: options, log: log)
    exit(try responder.run(signals: signals, reading: { ResponderPlan.read(options.config) }))
} catch {
    log.critical("\(error)")
    exit((error as? ResponderFault)?.exitCode ?? 75)
}
