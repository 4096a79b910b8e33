"""Letters, a mailer, and the mail servers that it is measured with.

Must stay true: all of them run in a network of their own, on the disk of the folder that is measured; what is unpacked is
never installed; processes are ended by their number.
"""

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

MAIN = """compatibility_level = 3.6
maillog_file = /var/log/mail.log
myhostname = localhost
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
relayhost = [127.0.0.1]:2599
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_destination_concurrency_limit = 4
default_destination_concurrency_limit = 4
smtp_connection_cache_on_demand = yes
"""

MASTER = """127.0.0.1:2525 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def alone(here):
    """Runs this program again in namespaces of its own, where every port is free and nothing of it stays. Returns the tree
    with Postfix and its measuring programs, which is fetched before."""
    tree = os.environ.get("HERALD_BENCH_TREE")
    if tree:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return tree
    if os.geteuid() != 0:
        sys.exit("the mail measurements need root, for a network of their own and for Postfix's users")
    script = os.path.join(here, "..", "..", "Tests", "Peers", "unpack")
    found = subprocess.run([script, "bench-mail", "postfix", "libeatmydata1", "coreutils", "sed", "grep", "mawk", "findutils"],
                           stdout=subprocess.PIPE, text=True)
    if found.returncode:
        sys.exit("Postfix cannot be unpacked (above)")
    os.environ["HERALD_BENCH_TREE"] = found.stdout.strip()
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--net", "--mount-proc", "--propagation", "private", "--fork",
                          "--kill-child", sys.executable] + sys.argv)


class Peers:
    """smtp-sink, smtp-source and Postfix of the tree; Postfix's queue lies in `folder`."""

    def __init__(self, tree, folder):
        self.tree, self.folder = tree, folder
        self.running = []
        self.environment = dict(os.environ, LD_LIBRARY_PATH=tree + "/usr/lib/postfix")

    def sink(self, address="127.0.0.1:2599"):
        self.start([self.tree + "/usr/sbin/smtp-sink", "-u", "nobody", address, "200"], self.environment)
        host, port = address.rsplit(":", 1)
        wait(lambda: connects(host, int(port)))

    def source(self, count, *more, to="127.0.0.1:2599"):
        """Seconds that smtp-source takes for so many letters of 4 KiB."""
        begin = time.monotonic()
        subprocess.run([self.tree + "/usr/sbin/smtp-source", "-l", "4096", "-m", str(count), "-f", "a@example.org", "-t",
                        "b@example.org", *more, to], env=self.environment, check=True)
        return time.monotonic() - begin

    def start(self, command, environment=None):
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        self.running.append(process)
        return process

    def postfix(self):
        tree = self.tree
        for name in ["var/log", "var/spool/postfix", "var/lib/postfix", "etc/postfix"]:
            os.makedirs(f"{tree}/{name}", exist_ok=True)
        for name in ["spool/postfix", "lib/postfix"]:
            own = f"{self.folder}/{name}"
            os.makedirs(own, exist_ok=True)
            subprocess.run(["mount", "--bind", own, f"{tree}/var/{name}"], check=True)
        subprocess.run(["mount", "--rbind", "/dev", tree + "/dev"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tree + "/run"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", tree + "/tmp"], check=True)
        write(tree + "/etc/passwd", "root:x:0:0::/root:/bin/sh\npostfix:x:101:101::/var/spool/postfix:/bin/false\n"
              "nobody:x:65534:65534::/:/bin/false\n")
        write(tree + "/etc/group", "root:x:0:\npostfix:x:101:\npostdrop:x:104:\nnogroup:x:65534:\n")
        write(tree + "/etc/hosts", "127.0.0.1 localhost\n")
        write(tree + "/etc/postfix/main.cf", MAIN)
        write(tree + "/etc/postfix/master.cf", MASTER)
        os.chown(tree + "/var/lib/postfix", 101, 0)
        os.chown(tree + "/var/spool/postfix", 0, 0)
        self.start(self.chroot("postfix", "start-fg"))
        wait(lambda: connects("127.0.0.1", 2525))

    def chroot(self, *command):
        return ["chroot", self.tree, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command]

    def set_postfix(self, setting):
        subprocess.run(self.chroot("postconf", setting), check=True)
        subprocess.run(self.chroot("postfix", "reload"), check=True, stderr=subprocess.DEVNULL)
        time.sleep(1)

    def clear_postfix(self):
        subprocess.run(self.chroot("postsuper", "-d", "ALL"), check=True, stderr=subprocess.DEVNULL)

    def postfix_is_idle(self):
        spool = f"{self.folder}/spool/postfix"
        return not any(files for name in ["maildrop", "incoming", "active", "deferred"]
                       for _, _, files in os.walk(f"{spool}/{name}"))

    def stop(self):
        for process in self.running:
            try:
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


class Silence:
    """A port at which nobody ever answers: its queue of connections is full, and further SYNs are dropped."""

    def __init__(self, host, port):
        self.place = (host, port)

    def __enter__(self):
        self.sockets = [socket.socket()]
        self.sockets[0].bind(self.place)
        self.sockets[0].listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.place)
            self.sockets.append(filler)
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()


class Site:
    """A mailer with its folders."""

    def __init__(self, options, folder, accounts, more=""):
        self.bin, self.folder = options.bin, folder
        os.makedirs(folder, exist_ok=True)
        self.settings(accounts, more)
        self.process = None

    def settings(self, accounts, more=""):
        write(self.folder + "/herald.yaml",
              f"paths: {{state: {self.folder}/state, spool: {self.folder}/spool, run: {self.folder}/run}}\n"
              "report: {to: Admin, to_email: admin@example.org}\n"
              "aliases:\n  - {description: alerts, address: herald@example.org, default: true}\n"
              "watch: {journal: {enabled: false}}\n"
              f"smtp:\n{more}  accounts:\n    - {{{accounts}}}\n")

    def command(self, *more):
        return [self.bin + "/herald-mailer", "--config", self.folder + "/herald.yaml", *more]

    def until_idle(self, environment=None):
        """Seconds until all is sent."""
        begin = time.monotonic()
        run = subprocess.run(self.command("--until-idle"), env=environment, stderr=subprocess.PIPE, text=True)
        if run.returncode:
            sys.exit("herald-mailer: " + run.stderr[-2000:])
        return time.monotonic() - begin

    def start(self, environment=None):
        """Seconds until it answers."""
        begin = time.monotonic()
        self.log = open(self.folder + "/log", "w")
        self.process = subprocess.Popen(self.command(), env=environment, stderr=self.log)
        wait(lambda: self.status() is not None, 0.002)
        return time.monotonic() - begin

    def ask(self, command, arguments=None, body=b""):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.folder + "/run/mailer.sock")
            head = {"command": command, "arguments": arguments or {}, "body_length": len(body)}
            s.sendall(json.dumps(head).encode() + b"\n" + body)
            with s.makefile("rb") as answer:
                return json.loads(answer.readline())

    def status(self):
        try:
            return self.ask("status")["result"]
        except (OSError, ValueError):
            return None

    def waiting(self):
        queue = self.status()["queue"]
        return queue["queued"] + queue["sending"] + queue["uncertain"]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def clear(self):
        for name in ["state", "spool", "run"]:
            shutil.rmtree(f"{self.folder}/{name}", ignore_errors=True)

    def hand_over(self, count, recipient="admin@example.org", size=4096):
        """Letters of the watcher's, as files; not synced, for that was its part."""
        incoming = self.folder + "/spool/incoming/watcher"
        os.makedirs(incoming, exist_ok=True)
        for number in range(count):
            id = secrets.token_hex(16)
            write(f"{incoming}/{id}.letter", letter(id, number, recipient, size))
        os.sync()

    def multiply(self, count, recipient=None):
        """So many more letters like the queue's first, written into its tables."""
        with sqlite3.connect(self.folder + "/state/mailer/queue.db") as database:
            prefix = secrets.token_hex(4)
            ids = [f"{prefix}{number:024x}" for number in range(count)]
            for table in ["letters", "messages", "deliveries"]:
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                row = database.execute(f"SELECT * FROM {table} ORDER BY rowid LIMIT 1").fetchone()
                rows = []
                for id in ids:
                    values = dict(zip(columns, row), number=None, id=id, letter=id)
                    if recipient:
                        values["recipient"] = recipient
                    rows.append([values[name] for name in columns])
                database.executemany(f"INSERT INTO {table} VALUES({','.join('?' * len(columns))})", rows)
        database.close()


def letter(id, number, recipient, size):
    head = (f"From: Herald <herald@example.org>\r\nTo: {recipient}\r\nSubject: letter {number}\r\nMessage-ID: <{id}@h>\r\n"
            "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n\r\n")
    message = (head + ("x" * 70 + "\r\n") * max(1, (size - len(head)) // 72)).encode()
    fields = {
        "herald-letter": 1, "id": id, "origin": "watcher", "alias": None, "sender": "herald@example.org",
        "recipients": [recipient], "notify": "default", "envelope_id": None, "priority": 3,
        "created": int(time.time() * 1e6), "not_before": None, "subject": f"letter {number}", "message_id": f"<{id}@h>",
        "size": len(message), "sha256": hashlib.sha256(message).hexdigest()}
    return json.dumps(fields).encode() + b"\n" + message


def write(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def connects(host, port):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


def wait(condition, every=0.05, limit=120):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            sys.exit("it does not come to what is waited for")
        time.sleep(every)


def disk_limit(folder, seconds=2):
    """How often a second the disk does: write 4 KiB, fsync, rename, fsync of the folder."""
    place = folder + "/limit"
    os.makedirs(place, exist_ok=True)
    directory = os.open(place, os.O_RDONLY)
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        file = os.open(f"{place}/new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(file, b"x" * 4096)
        os.fsync(file)
        os.close(file)
        os.rename(f"{place}/new", f"{place}/{count}")
        os.fsync(directory)
        count += 1
    os.close(directory)
    return count / (time.monotonic() - begin)
