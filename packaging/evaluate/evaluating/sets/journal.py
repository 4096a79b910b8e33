"""Entries of a journal, with the priorities that their programs give: of our own making, from the programs' sources. What
strangers, users and healthy hardware cause is written there as critical, alert and emergency, and a service's own cry
as PRIORITY 6.
"""

from .. import journal
from ..logs import Log, Record
from .subset import Subset

#: Program, PRIORITY, message. log.c of OpenSSH: its fatal() is LOG_CRIT. sudo: syslog_badpri is alert. The kernel's own
#: levels stand in its calls: pr_emerg of mce_amd, pr_emerg_ratelimited of the vectors, pr_crit of the watchdogs.
QUIET = [
    ("sshd", 2, "fatal: Timeout before authentication for 203.0.113.9 port 51022"),
    ("sshd", 2, "fatal: ssh_dispatch_run_fatal: Connection from 203.0.113.9 port 51022: message authentication code incorrect [preauth]"),
    ("sshd", 2, "fatal: userauth_pubkey: parse request failed: incomplete message [preauth]"),
    ("sshd", 6, "Invalid user No space left on device from 203.0.113.9 port 51022"),
    ("sudo", 1, "     bob : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id"),
    ("sudo", 1, "  backup : a password is required ; PWD=/ ; USER=root ; COMMAND=/usr/bin/true"),
    ("sudo", 2, "pam_unix(sudo:auth): auth could not identify password for [bob]"),
    ("kernel", 0, "[Hardware Error]: Corrected error, no action required."),
    ("kernel", 0, "[Hardware Error]: CPU:0 (17:71:0) MC27_STATUS[-|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0x9c2040000000011b"),
    ("kernel", 0, "[Hardware Error]: Error Addr: 0x00000003f1c7a2c0"),
    ("kernel", 0, "[Hardware Error]: IPID: 0x000100ff03830400, Syndrome: 0x000000000a800500"),
    ("kernel", 0, "[Hardware Error]: cache level: L3/GEN, tx: GEN, mem-tx: RD"),
    ("kernel", 0, "mce: [Hardware Error]: TSC 0 ADDR 3f1c7a2c0 MISC d012000100000000"),
    ("kernel", 0, "mce: [Hardware Error]: PROCESSOR 2:870f10 TIME 1793671867 SOCKET 0 APIC 0 microcode 8701021"),
    ("kernel", 0, "__common_interrupt: 1.55 No irq handler for vector"),
    ("kernel", 0, "do_IRQ: 2.34 No irq handler for vector"),
    ("kernel", 2, "watchdog: watchdog0: watchdog did not stop!"),
    ("kernel", 1, "vmwgfx 0000:00:0f.0: [drm] *ALERT* vmwgfx seems to be running on an unsupported hypervisor."),
    ("apcupsd", 1, "Mains returned. No longer on UPS batteries."),
    ("containerd", 6, 'time="2026-11-03T02:11:07Z" level=info msg="fatal errors so far: 0"'),
    ("shop", 6, "critical section left after 12 ms"),
    ("nginx", 6, '192.0.2.7 - - [03/Nov/2026:02:11:07 +0000] "GET / HTTP/1.1" 200 612 "-" "No space left on device"'),
    ("haproxy", 6, '{"remote_addr":"192.0.2.7","request":"GET /PANIC:  could not write HTTP/1.1","status":404}'),
    ("systemd", 6, "Started run-r12.service - grep -r 'Out of memory' /var/log."),
]
TOLD = [
    ("kernel", 2, "EXT4-fs error (device sda1): ext4_lookup:1855: inode #12: comm rsync: deleted inode referenced: 13"),
    ("kernel", 0, "mce: [Hardware Error]: CPU 3: Machine Check Exception: 5 Bank 5: be00000000800400"),
    ("arrayd", 2, "controller 0: battery lost, write cache holds 12 MB"),
    ("containerd", 6, 'time="2026-11-03T02:11:07Z" level=fatal msg="cannot open the metadata: input/output error"'),
    ("ledgerd", 6, '{"level":"fatal","ts":1793671867.1,"msg":"the ledger is unreadable"}'),
    ("kubelet", 3, "F1103 02:11:07.123456     812 server.go:206] the ledger is unreadable"),
    ("shop", 6, "2026-11-03 02:11:07,123 CRITICAL [main] c.e.Shop - the ledger is unreadable"),
]


class Journal(Subset):
    about = "a journal's entries, with their programs' priorities"
    is_own = True

    def read(self, folder):
        if not journal.is_possible():
            self.notes = [f"{journal.REMOTE} is not here (package systemd-journal-remote)"]
            return
        entries, records = [], []
        for expect, group in ((False, QUIET), (True, TOLD)):
            for program, priority, message in group:
                # Each of a process of its own, so that none goes on in the next.
                number = len(entries) + 1
                entry = {"_HOSTNAME": "web1", "PRIORITY": priority, "SYSLOG_IDENTIFIER": program, "MESSAGE": message}
                if program == "kernel":
                    entry["_TRANSPORT"] = "kernel"
                else:
                    transport = "stdout" if priority == 6 else "syslog"
                    entry |= {"_TRANSPORT": transport, "_PID": 800 + number, "_UID": 0, "_COMM": program}
                entries.append(entry)
                records.append(Record(number, number, expect, f"{program}, priority {priority}"))
        yield Log("journal", [entry["MESSAGE"].encode() for entry in entries], records, entries)

    def targets(self, count):
        return [
            (count.missed == 0, f"all to be told: {count.found} of {count.expected}"),
            (count.alarms == 0, f"none of the others: {count.alarms} of {count.quiet}"),
        ]
