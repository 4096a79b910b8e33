"""Log text that looks like a busy host's, the same on every machine for the same rules.

About 6 lines in 100 hit: the examples that the rules themselves are documented by. The others are the daily noise of some
twenty programs, in their own formats, with traces of several lines among them.
"""

import json
import os
import random
import re
import subprocess

SYSLOG = "Nov {d:2} {t} {host} "
QUIET = [
    SYSLOG + "sshd[{n}]: Accepted publickey for {user} from 192.0.2.{b} port {p} ssh2: ED25519 SHA256:{h}",
    SYSLOG + "sshd[{n}]: Failed password for invalid user {user} from 203.0.113.{b} port {p} ssh2",
    SYSLOG + "sshd[{n}]: Disconnected from authenticating user root 203.0.113.{b} port {p} [preauth]",
    SYSLOG + "systemd[1]: Started session-{n}.scope - Session {n} of User {user}.",
    SYSLOG + "systemd[1]: logrotate.service: Deactivated successfully.",
    SYSLOG + "systemd-logind[{p}]: New session {n} of user {user}.",
    SYSLOG + "CRON[{n}]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
    SYSLOG + "CRON[{n}]: pam_unix(cron:session): session opened for user {user}(uid={p}) by (uid=0)",
    SYSLOG + "kernel: [{n}.{p}] usb 1-{b}: new high-speed USB device number {b} using xhci_hcd",
    SYSLOG + "kernel: [{n}.{p}] [UFW BLOCK] IN=eth0 OUT= MAC=52:54:00:{m} SRC=203.0.113.{b} DST=192.0.2.1 LEN=40 TTL={b} ID={p} PROTO=TCP SPT={p} DPT=23 WINDOW=1024 RES=0x00 SYN URGP=0",
    SYSLOG + "postfix/smtpd[{n}]: disconnect from mail.example.org[198.51.100.{b}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7",
    SYSLOG + "postfix/qmgr[{p}]: {h}: from=<{user}@example.org>, size={n}, nrcpt=1 (queue active)",
    SYSLOG + "dovecot: imap({user})<{n}><{h}>: Disconnected: Logged out in={b} out={n} deleted=0 expunged=0 trashed=0",
    SYSLOG + "named[{p}]: client @0x{h} 192.0.2.{b}#{p} (www.example.org): query: www.example.org IN AAAA +E(0)K (192.0.2.1)",
    SYSLOG + "NetworkManager[{n}]: <info>  [{n}.{p}] dhcp4 (eth0): state changed bound -> bound",
    SYSLOG + "dockerd[{n}]: time=\"2026-11-{d:02}T{t}.{n:06}Z\" level=info msg=\"ignoring event\" container={h}{h} module=libcontainerd",
    SYSLOG + "sudo: {user} : TTY=pts/{b} ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/apt-get update",
    "2026-11-{d:02}T{t}.{n:06}+00:00 {host} dhclient[{n}]: DHCPACK of 192.0.2.{b} from 192.0.2.1",
    "2026-11-{d:02}T{t}.{n:06}+00:00 {host} haproxy[{n}]: 192.0.2.{b}:{p} [{d:02}/Nov/2026:{t}.{b:03}] https~ app/{host} 0/0/1/{b}/{b} 200 {n} - - ---- {b}/{b}/0/0/0 0/0 \"GET /cart/{h} HTTP/1.1\"",
    '192.0.2.{b} - - [{d:02}/Nov/2026:{t} +0000] "GET /item/{n}?page={b} HTTP/1.1" 200 {p} "https://example.org/" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"',
    '198.51.100.{b} - {user} [{d:02}/Nov/2026:{t} +0000] "POST /api/v2/orders/{h} HTTP/1.1" 201 {p} "-" "curl/8.5.0"',
    '203.0.113.{b} - - [{d:02}/Nov/2026:{t} +0000] "GET /wp-login.php HTTP/1.1" 404 153 "-" "Mozilla/5.0 zgrab/0.x"',
    "2026/11/{d:02} {t} [info] {p}#{p}: *{n} client 192.0.2.{b} closed keepalive connection",
    "2026-11-{d:02} {t}.{b:03} UTC [{n}] app@shop LOG:  duration: {b}.{p} ms  statement: SELECT * FROM orders WHERE id = {n}",
    "2026-11-{d:02} {t}.{b:03} UTC [{n}] LOG:  checkpoint complete: wrote {n} buffers ({b}.1%); 0 WAL file(s) added, 0 removed, 1 recycled; write={b}.{p} s, sync=0.0{b} s, total={b}.{p} s",
    "2026-11-{d:02} {t},{b:03} INFO  [http-nio-8080-exec-{b}] o.e.shop.OrderService - order {n} took {p} us, cache {h}",
    "2026-11-{d:02} {t},{b:03} DEBUG [scheduler-{b}] o.e.shop.Pool - idle {b} active {p} waiting 0",
    "2026-11-{d:02} {t},{b:03} WARN  [http-nio-8080-exec-{b}] o.e.shop.Client - retrying https://pay.example.org/v1/{h} in {p} ms\n"
    "java.net.SocketTimeoutException: Read timed out\n"
    "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:{p})\n"
    "\tat org.example.shop.Order{b}.method{p}(Order{b}.java:{p})\n"
    "\tat org.example.shop.Client.call(Client.java:{b})",
    "[2026-11-{d:02} {t}] worker.{p}: job {h} done in {n} us, retries 0, queue low",
    "{p}:M {d:02} Nov 2026 {t}.{b:03} * Background saving terminated with success",
    "[{d:02}-Nov-2026 {t} UTC] NOTICE: [pool www] child {n} exited with code 0 after {p}.{n} seconds from start",
    "time=2026-11-{d:02}T{t}.{b:03}Z level=INFO source=main.go:{b} msg=\"request done\" id={h} status=200 bytes={n}",
    '{{"ts":"2026-11-{d:02}T{t}.{b:03}Z","level":"info","logger":"shop.api","msg":"order stored","order":{n},"ms":{b}}}',
]
USERS = ["deploy", "alice", "bob", "carol", "backup", "www-data", "postgres", "git"]


def examples(folder):
    """The lines that stand in the rules' examples, whichever way."""
    lines = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yaml"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                found = (re.match(r"\s+- '(.*)'\s*$", line) for line in file)
                lines += [match.group(1).replace("''", "'") for match in found if match]
    return lines


def hitting(herald, rules, lines):
    """Those of the lines that the rules hit."""
    text = "".join(line + "\n" for line in lines)
    out = subprocess.run(
        [herald, "scan", "--json", "--rules", rules, "-"], input=text, capture_output=True, text=True, check=True).stdout
    return sorted({json.loads(line)["text"] for line in out.splitlines()})


def fields(rng):
    """Values for the braces of one line."""
    return dict(
        d=rng.randint(1, 28), t="%02d:%02d:%02d" % (rng.randint(0, 23), rng.randint(0, 59), rng.randint(0, 59)),
        n=rng.randint(1000, 999999), b=rng.randint(1, 250), p=rng.randint(1000, 60000), h="%016x" % rng.getrandbits(64),
        m="%02x:%02x:%02x" % (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)),
        user=rng.choice(USERS), host="web%d" % rng.randint(1, 4))


def lines(hits, length, share=0.06, seed=7):
    """Different lines of `length` bytes together."""
    rng = random.Random(seed)
    made = []
    while length > 0:
        values = fields(rng)
        if hits and rng.random() < share:
            line = rng.choice(hits)
            if line.startswith("kernel: "):
                line = SYSLOG.format(**values) + line
        else:
            line = rng.choice(QUIET).format(**values)
        made.append(line)
        length -= len(line.encode()) + 1
    return made


def write(path, size, hits):
    """Writes whole lines, about `size` bytes: 48 MiB of different ones, again and again, each time cut at another."""
    block = lines(hits, min(size, 48 << 20))
    rng = random.Random(11)
    with open(path, "wb") as file:
        written = 0
        while written < size:
            cut = rng.randrange(len(block))
            text = ("\n".join(block[cut:] + block[:cut]) + "\n").encode()
            if written + len(text) > size:
                text = text[: text.rfind(b"\n", 0, size - written) + 1]
                if not text:
                    break
            file.write(text)
            written += len(text)
