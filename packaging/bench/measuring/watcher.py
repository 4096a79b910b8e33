"""herald-watcher at work in a folder of its own: settings, start, what it says by its control socket, its state, its end."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import time

from .processes import peak


class Watcher:
    """`watch` and `report` are the text of these sections of the settings, indented by two."""

    def __init__(self, options, folder, watch, report="", rules=None):
        self.folder = folder
        self.program = os.path.join(options.bin, "herald-watcher")
        os.makedirs(folder, exist_ok=True)
        self.settings = os.path.join(folder, "herald.yaml")
        with open(self.settings, "w", encoding="utf-8") as file:
            file.write(
                "report:\n  to_email: admin@example.org\n" + report
                + "smtp: {accounts: [{name: none, server: 127.0.0.1, port: 9, security: none}]}\n"
                + "aliases: [{description: alerts, name: Herald, address: herald@example.org, default: true}]\n"
                + f"watch:\n  rules: ['{rules or options.rules}']\n{watch}"
                + f"paths: {{state: '{folder}/state', spool: '{folder}/spool', run: '{folder}/run'}}\n")
        os.chmod(self.settings, 0o600)
        self.process = None

    def start(self):
        """Returns when it answers; the seconds that it took."""
        begin = time.monotonic()
        with open(self.folder + "/watcher.log", "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--config", self.settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while time.monotonic() - begin < 120:
            try:
                self.status()
                return time.monotonic() - begin
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("herald-watcher ended at its start:\n" + self.log())
                time.sleep(0.005)
        raise SystemExit("herald-watcher does not answer:\n" + self.log())

    @property
    def pid(self):
        return self.process.pid

    def until_idle(self, memory=False):
        """One run that works off all that is there; its seconds, and with `memory` the most kB that it held resident."""
        begin = time.monotonic()
        with open(self.folder + "/watcher.log", "ab") as log:
            process = subprocess.Popen(
                [self.program, "--config", self.settings, "--until-idle"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        most = 0
        while memory and process.poll() is None:
            # A parent's memory counts in ru_maxrss, so it is not that.
            most = max(most, peak(process.pid))
            time.sleep(0.005)
        if process.wait():
            raise SystemExit(f"herald-watcher --until-idle: exit {process.returncode}\n{self.log()}")
        taken = time.monotonic() - begin
        return (taken, most) if memory else taken

    def status(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(self.folder + "/run/watcher.sock")
            connection.sendall(b'{"command":"status","arguments":{},"body_length":0}\n')
            answer = b""
            while not answer.endswith(b"\n"):
                more = connection.recv(1 << 20)
                if not more:
                    raise ConnectionError("no answer")
                answer += more
        return json.loads(answer)["result"]

    def hits(self):
        """The hits that are durable: of all incidents in its database."""
        return sum(hits for _, hits in self.incidents())

    def incidents(self):
        """Title and hits of each incident in its database."""
        database = sqlite3.connect(f"file:{self.folder}/state/watcher/watcher.db?mode=ro", uri=True, timeout=30)
        try:
            return database.execute("SELECT title, hits FROM incidents").fetchall()
        finally:
            database.close()

    def tellings(self):
        """How many incidents letters told of; how many the caps hold back for a digest; how many are neither; and of how
        many digests the time is set."""
        database = sqlite3.connect(f"file:{self.folder}/state/watcher/watcher.db?mode=ro", uri=True, timeout=30)
        try:
            told = {number for number, in database.execute("SELECT incident FROM reports WHERE letter IS NOT NULL")}
            held, others = set(), set()
            for number, detail in database.execute("SELECT id, detail FROM incidents WHERE in_book"):
                if json.loads(detail).get("held"):
                    held.add(number)
                elif number not in told:
                    others.add(number)
            book = json.loads(database.execute("SELECT value FROM book").fetchone()[0])
            return len(told), len(held), len(others), sum(book.get(name) is not None for name in ("digest_due", "urgent_digest_due"))
        finally:
            database.close()

    def letters(self):
        """The subjects of the letters that it handed over, in the order of their making."""
        folder = self.folder + "/spool/incoming/watcher"
        heads = []
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".letter"):
                with open(os.path.join(folder, name), "rb") as file:
                    heads.append(json.loads(file.readline()))
        return [head["subject"] for head in sorted(heads, key=lambda head: str(head["created"]))]

    def log(self):
        with open(self.folder + "/watcher.log", encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    def stop(self):
        """SIGTERM; how long it took."""
        if self.process is None:
            return 0
        begin = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise SystemExit("herald-watcher did not stop within 60 s")
        self.process = None
        if code:
            raise SystemExit(f"herald-watcher stopped with exit code {code}:\n{self.log()}")
        return time.monotonic() - begin

    def end(self):
        """At once, whatever it does."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None


def rule_file(folder, rules):
    """A folder of rules: each a line of YAML's flow form without its braces."""
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/bench.yaml", "w", encoding="utf-8") as file:
        file.write("rules:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules))
    return folder


def quoted(text):
    """As a single-quoted scalar of YAML."""
    return "'" + re.sub("'", "''", text) + "'"
