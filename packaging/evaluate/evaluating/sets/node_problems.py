"""Kubernetes' node problem detector: its rules are patterns, with `type` permanent or temporary and a `reason`. For
each pattern a line: as the program writes it, where that is known here and the pattern agrees, else one made from the
pattern.
"""

import json
import re

from ..logs import Log, name, paths, read
from .subset import Subset, all_told

#: Lines of the programs themselves (smartd, the kernel, dockerd), with values of our own.
REAL = [
    "smartd[733]: Device: /dev/sdb [SAT], 112 Currently unreadable (pending) sectors",
    "smartd[733]: Device: /dev/sdb [SAT], 104 Offline uncorrectable sectors",
    'dockerd[812]: time="2026-11-03T02:11:07Z" level=error msg="Handler for POST /v1.43/containers/create returned '
    'error: readlink /var/lib/docker/overlay2/l/QX4R2WQ6: invalid argument"',
    "kernel: INFO: task docker:812 blocked for more than 120 seconds.",
    "kernel: INFO: task jbd2/dm-0-8:312 blocked for more than 120 seconds.",
    "kernel: XFS (dm-2): Corruption of in-memory data (0x8) detected at xfs_defer_finish+0x1 [xfs] "
    "(fs/xfs/xfs_defer.c:1). Shutting down filesystem.",
    "kernel: {1}[Hardware Error]: event severity: fatal",
    "kernel: {1}[Hardware Error]: event severity: recoverable",
    "kernel: {1}[Hardware Error]: event severity: corrected",
    "kernel: EXT4-fs (sda1): Remounting filesystem read-only",
    "kernel: EXT4-fs error (device sda1): ext4_lookup:1855: inode #12: comm rsync: deleted inode referenced: 13",
    "kernel: Buffer I/O error on dev sdb1, logical block 7, lost async page write",
    "kernel: unregister_netdevice: waiting for veth0 to become free. Usage count = 1",
    "kernel: BUG: unable to handle kernel NULL pointer dereference at 0000000000000010",
    "kernel: divide error: 0000 [#1] SMP PTI",
    "kernel: Out of memory: Killed process 812 (mysqld) total-vm:4521048kB, anon-rss:3120004kB, file-rss:0kB, "
    "shmem-rss:0kB",
]


def example(pattern):
    """A line that a simple pattern stands for."""
    text = re.sub(r"\(\?(?::|P<\w+>)", "(", pattern)
    text = re.sub(r"\(([^()|]*)\|[^()]*\)", r"\1", text)
    text = re.sub(r"\[1-9\]", "1", text)
    text = re.sub(r"\\d(?:[+*?]|\{\d*,?\d*\})*", "12", text)
    text = re.sub(r"\[[^\]]*\][+*?]*|\\[wS][+*?]*", "x1", text)
    text = re.sub(r"\.[+*]\??", " ", text)
    text = re.sub(r"\\s[+*?]*", " ", text)
    text = re.sub(r"\\(.)", r"\1", text)
    return re.sub(r"[()^$?]", "", text)


def line_for(pattern, source):
    for line in REAL:
        if re.search(pattern, line.partition(": ")[2]) or re.search(pattern, line):
            return line
    return f"{source}: {example(pattern)}" if source else example(pattern)


class NodeProblems(Subset):
    about = "problems of Kubernetes' nodes"

    def read(self, folder):
        for path in paths(folder, "npd_rules/config/*.json"):
            if name(path).startswith("windows"):
                continue
            try:
                monitor = json.loads(read(path))
            except ValueError:
                continue
            source = "kernel" if monitor.get("plugin") == "kmsg" or "kernel" in name(path) else \
                (monitor.get("pluginConfig") or {}).get("source")
            for rule in monitor.get("rules") or []:
                if rule.get("pattern"):
                    line = "Nov  3 02:11:07 node1 " + line_for(rule["pattern"], source)
                    kind = rule.get("type", "?")
                    expect = True if kind == "permanent" else None
                    yield Log.of_one_record(f"{name(path)} {rule.get('reason')}", line.encode(), expect, kind)

    def targets(self, count):
        return [all_told(count)]
