"""Storms: lines of which every one hits. Each kind strains another part of the way from a line to its incident."""

import random
import time

from . import text
from .watcher import quoted

LETTERS = "abcdefghijklmnopqrstuvwxyz"

RULES = [
    f"id: storm-{number}, title: 'Fault {number} of {{subject}}', severity: critical, group_by: [host, subject], "
    f"match: {quoted(f'fault{number}: (?<subject>[a-z]+) failed with code (?<code>[0-9]+)')}" for number in range(20)
] + [
    "id: storm-masked, title: A worker died, severity: critical, match: worker died",
    "id: storm-never, title: A job was lost, severity: critical, match: 'job (?<job>[0-9]+) was lost', group: never",
    "id: storm-disk, title: '{disk} fails', severity: critical, match: 'disk (?<disk>sd[a-z]) fails', "
    "recovered_by: 'disk (?<disk>sd[a-z]) is well', group_by: [disk]",
]

FAULTS = [
    "kernel: [{n}.{p}] Out of memory: Killed process {p} ({job}) total-vm:5234512kB, anon-rss:3918220kB, file-rss:0kB, shmem-rss:0kB, UID:112 pgtables:8412kB oom_score_adj:0",
    "kernel: [{n}.{p}] EXT4-fs error (device sd{disk}1): ext4_find_entry:1455: inode #{n}: comm {job}: reading directory lblock 0",
    "kernel: [{n}.{p}] Buffer I/O error on dev sd{disk}1, logical block {n}, lost async page write",
    "kernel: [{n}.{p}] INFO: task {job}:{p} blocked for more than 120 seconds.",
    "postgres[{p}]: [7-1] PANIC:  could not write to file \"pg_wal/xlogtemp.{p}\": No space left on device",
    "nginx: [emerg] {p}#{p}: bind() to 0.0.0.0:443 failed (98: Address already in use)",
    "systemd[1]: {job}.service: Failed with result 'exit-code'.",
]
JOBS = ["mysqld", "rsync", "java", "php-fpm", "postgres", "backup", "node"]


def word(number):
    """A word of letters alone for a number, so that no mask hides it."""
    made = ""
    for _ in range(4):
        number, rest = divmod(number, 26)
        made += LETTERS[rest]
    return made


# The message behind the header, for the n-th line.
KINDS = {
    "one": ("one rule, one group", lambda n: f"app[812]: fault0: disk failed with code {n}, giving up for good"),
    "groups": ("one rule, 1,000 groups", lambda n: f"app[812]: fault0: {word(n % 1000)} failed with code {n}, giving up"),
    "mixed": ("20 rules, 180 groups", lambda n: f"app{n % 5}[{n % 30000}]: fault{n % 20}: {word(n % 9)} failed with code {n}"),
    "masked": ("by the masked message", lambda n: f"app[812]: request {n} from 192.0.2.{n % 250}: worker died after {n % 97} s"),
    "different": ("each another message", lambda n: f"app[812]: {word(n)} {word(n // 7)}: worker died"),
    "never": ("group: never", lambda n: f"app[812]: job {n} was lost"),
    "recovering": ("each 2nd line a recovery",
                   lambda n: f"smartd[9]: disk sd{LETTERS[n // 2 % 4]} {'is well' if n % 2 else 'fails'}"),
}


def hits(kind, count):
    """How many of the first so many lines hit: of those that tell of a recovery none does."""
    return (count + 1) // 2 if kind == "recovering" else count


def header(ago=0):
    return time.strftime("%b %e %H:%M:%S", time.localtime(time.time() - ago)) + " web1 "


def write(path, kind, count, first=0):
    """Adds the lines from the first to the count-th."""
    head, make = header(), KINDS[kind][1]
    with open(path, "a", encoding="utf-8") as file:
        for start in range(first, count, 100_000):
            file.write("".join(f"{head}{make(n)}\n" for n in range(start, min(count, start + 100_000))))


def write_faults(path, count, herald, rules, ago=0, mode="w"):
    """Real faults, of those kinds that the rules hit; how many kinds."""
    rng, head = random.Random(3), header(ago)

    def line(fault):
        values = text.fields(rng)
        values.update(job=rng.choice(JOBS), disk=rng.choice("abcd"))
        return head + fault.format(**values)
    kinds = [fault for fault in FAULTS if text.hitting(herald, rules, [line(fault)])]
    block = [line(rng.choice(kinds)) for _ in range(min(count, 100_000))]
    with open(path, mode, encoding="utf-8") as file:
        for first in range(0, count, len(block)):
            file.write("\n".join(block[: count - first]) + "\n")
    return len(kinds)
