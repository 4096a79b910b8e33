"""Journals made by systemd-journal-remote from the export format, with values that vary as a real host's do.

Seventeen fields an entry, as journald writes them for a line of syslog or of a service (systemd.journal-fields(7)).
"""

import functools
import os
import random
import subprocess
import time

from . import text

REMOTE = "/lib/systemd/systemd-journal-remote"
PROGRAMS = [
    ("sshd", "ssh.service", "/usr/sbin/sshd", "sshd: deploy [priv]", 0, 6),
    ("CRON", "cron.service", "/usr/sbin/cron", "/usr/sbin/CRON -f", 0, 6),
    ("nginx", "nginx.service", "/usr/sbin/nginx", "nginx: worker process", 33, 6),
    ("postgres", "postgresql@15-main.service", "/usr/lib/postgresql/15/bin/postgres", "postgres: app shop", 114, 6),
    ("dockerd", "docker.service", "/usr/bin/dockerd", "/usr/bin/dockerd -H fd://", 0, 6),
    ("java", "shop.service", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "java -jar /srv/shop/shop.jar", 998, 6),
    ("postfix/smtpd", "postfix@-.service", "/usr/lib/postfix/sbin/smtpd", "smtpd -n smtp -t inet -u -c", 115, 6),
    ("systemd", "init.scope", "/usr/lib/systemd/systemd", "/sbin/init", 0, 6),
    ("sudo", "session-4.scope", "/usr/bin/sudo", "sudo apt-get update", 1000, 5),
    ("named", "named.service", "/usr/sbin/named", "/usr/sbin/named -f -u bind", 116, 4),
]


def one(file, host, message):
    """Writes one entry of now."""
    now = int(time.time() * 1e6)
    file.write(f"__REALTIME_TIMESTAMP={now}\n__MONOTONIC_TIMESTAMP={now}\n_BOOT_ID={'ab' * 16}\n_HOSTNAME={host}\n"
               f"_TRANSPORT=syslog\nPRIORITY=6\nSYSLOG_IDENTIFIER=bench\nMESSAGE={message}\n\n")


@functools.cache
def texts(hits, share):
    """Messages to choose from, of which that share are lines of `hits`."""
    messages = [line.split("]: ", 1)[-1].split("\n")[0] for line in text.lines(list(hits), 12 << 20, share, seed=5)]
    return [message for message in messages if message]


def export(file, count, hits=(), first=1, seed=5, host=None, share=0.06):
    """Writes `count` entries in export format, numbered from `first`, of the last hours: of four hosts in turn, or of
    `host`, a name. Of the messages that share are lines of `hits`."""
    rng = random.Random(seed)
    boot, machine = "%032x" % rng.getrandbits(128), "%032x" % rng.getrandbits(128)
    messages = texts(tuple(hits), share)
    begin = int(time.time() * 1e6) - 6 * 3600 * 1_000_000
    out = []
    for number in range(first, first + count):
        name, unit, path, line, uid, priority = PROGRAMS[rng.randrange(len(PROGRAMS))]
        pid = rng.randint(300, 4_000_000)
        real = begin + number * 1200 + rng.randint(0, 999)
        out.append(
            f"__CURSOR=s={machine};i={number:x};b={boot};m={number * 1200:x};t={real:x};x=0\n"
            f"__REALTIME_TIMESTAMP={real}\n__MONOTONIC_TIMESTAMP={1_000_000 + number * 1200}\n_BOOT_ID={boot}\n"
            f"_MACHINE_ID={machine}\n_HOSTNAME={host or f'web{number % 4}'}\n_TRANSPORT=syslog\nPRIORITY={priority}\n"
            f"SYSLOG_FACILITY={rng.randint(0, 10)}\nSYSLOG_IDENTIFIER={name}\nSYSLOG_PID={pid}\n"
            f"SYSLOG_TIMESTAMP={real // 1_000_000}\n_PID={pid}\n_UID={uid}\n_GID={uid}\n_COMM={name[:15]}\n_EXE={path}\n"
            f"_CMDLINE={line} {pid}\n_SYSTEMD_UNIT={unit}\n_SYSTEMD_CGROUP=/system.slice/{unit}\n"
            f"_SOURCE_REALTIME_TIMESTAMP={real - rng.randint(10, 900)}\n"
            f"MESSAGE={messages[rng.randrange(len(messages))]}\n\n")
        if len(out) == 10_000:
            file.write("".join(out))
            out = []
    file.write("".join(out))


def make(folder, count, hits=(), first=1, share=0.06):
    """A journal of `count` entries in the folder, or so many more. False where systemd-journal-remote is not here."""
    if not os.path.exists(REMOTE):
        return False
    os.makedirs(folder, exist_ok=True)
    write(folder + "/system.journal", lambda file: export(file, count, hits, first, share=share))
    return True


def make_remote(folder, hosts, count, hits=(), first=1):
    """As on a collector: a journal of `count` entries, or so many more, for each of `hosts` numbers. The names are those
    that systemd-journal-remote gives."""
    os.makedirs(folder, exist_ok=True)
    for number in hosts:
        name = f"host{number:03}"
        write(f"{folder}/remote-{name}.journal", lambda file: export(file, count, hits, first, seed=number, host=name))


def write(path, exporter):
    """Adds to the journal at `path` what `exporter` writes to a file in export format."""
    source = path + ".export"
    with open(source, "w", encoding="utf-8") as file:
        exporter(file)
    done = subprocess.run([REMOTE, "-o", path, "--split-mode=none", source], capture_output=True, text=True)
    os.unlink(source)
    if done.returncode:
        raise SystemExit(f"systemd-journal-remote: exit {done.returncode}\n{done.stderr[-500:]}")
