"""The sets, by the names that the command knows."""

from . import access_logs, databases, fail2ban, intrusion, journal, kernel_reports, node_problems, severity, traces

ALL = {
    "kernel": kernel_reports.Printable(),
    "kernel-debugging": kernel_reports.Debugging(),
    "traces": traces.Traces(),
    "severity-ops": severity.OpsAgent(),
    "severity-datadog": severity.Datadog(),
    "severity-lnav": severity.Lnav(),
    "fail2ban": fail2ban.Fail2ban(),
    "access": access_logs.AccessLogs(),
    "intrusion": intrusion.Intrusion(),
    "nodes": node_problems.NodeProblems(),
    "databases": databases.Databases(),
    "journal": journal.Journal(),
}
