"""The programs that Herald is measured against, each set up as its users would for the same job: the lines that any of
the patterns matches, written out. Each is a whole process on a text of its own size; start-up is subtracted for none.

Found where `fetch-peers` unpacked them (.build/peers/bench, or $HERALD_BENCH_PEERS), else on this machine.
"""

import glob
import os
import shutil
import signal
import subprocess
import time

from .processes import Run

END = "herald-bench: this line is the last one of the text"


class Peers:
    def __init__(self, options, folder, patterns):
        base = os.environ.get("HERALD_BENCH_PEERS", os.path.join(options.bench, "..", "..", ".build", "peers", "bench"))
        self.tree = os.path.join(os.path.abspath(base), "tree")
        self.folder, self.patterns = folder, patterns
        libraries = glob.glob(self.tree + "/usr/lib/*-linux-gnu") + glob.glob(self.tree + "/lib/*-linux-gnu")
        self.environment = {
            "LC_ALL": "C",
            "PATH": f"{self.tree}/usr/sbin:{self.tree}/usr/bin:" + os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
            "LD_LIBRARY_PATH": ":".join(libraries + [self.tree + "/usr/lib/syslog-ng"]),
            "PERL5LIB": ":".join([self.tree + "/usr/share/perl5"] + glob.glob(self.tree + "/usr/lib/*/perl5/5*")),
            "PYTHONPATH": self.tree + "/usr/lib/python3/dist-packages",
        }
        os.makedirs(folder, exist_ok=True)

    def program(self, name):
        """Its path; nil where it is not here."""
        return shutil.which(name, path=self.environment["PATH"])

    def place(self, name, content=None):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if content is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        return path

    def fresh(self, name):
        """An empty folder of that name."""
        path = os.path.join(self.folder, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    @staticmethod
    def lines(path):
        with open(path, "rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))

    # The peers. Each gives back a Run-like object with `once`, `best`, `spent`, and `count()`: the lines that it told.

    def swatchdog(self, text):
        """`watchfor` for each pattern, with `echo`."""
        program = self.program("swatchdog")
        if not program:
            return None
        rules = "".join("watchfor /%s/\n\techo\n" % p.replace("/", "\\/") for p in self.patterns.perl)
        config = self.place("swatch.conf", rules)
        out = self.place("swatch.out")
        shell = f'exec perl "$0" --config-file="$1" --script-dir="$2" --examine="$3" >"$4"'
        run = Run(["sh", "-c", shell, program, config, self.folder, text, out], environment=self.environment)
        run.count = lambda: self.lines(out) - self.headings(out)
        return run

    @staticmethod
    def headings(path):
        """swatchdog says first who it is."""
        with open(path, "rb") as file:
            return sum(1 for line in file if line.startswith(b"*** swatchdog") or line == b"\n")

    def sec(self, text):
        """A rule `Single` with `RegExp` for each pattern, writing the line to a file."""
        program = self.program("sec")
        if not program:
            return None
        out = self.place("sec.out")
        rules = "".join(
            f"type=Single\nptype=RegExp\npattern={p}\ndesc=bench\naction=write {out} $0\n\n" for p in self.patterns.perl)
        config = self.place("sec.conf", rules)
        run = Run(
            ["perl", program, f"--conf={config}", f"--input={text}", "--notail"], environment=self.environment,
            prepare=lambda: os.path.exists(out) and os.unlink(out))
        run.count = lambda: self.lines(out)
        return run

    def fail2ban(self, text):
        """fail2ban-regex with one `failregex` for each pattern. fail2ban wants to know whom to ban, so each pattern is
        given the first letter of what it matches as the one to ban. Dates are looked for as by default."""
        program = self.program("fail2ban-regex")
        if not program:
            return None
        escaped = [p.replace("%", "%%") for p in self.patterns.perl]
        rules = "[Definition]\nfailregex = " + "\n            ".join(f"(?=\\W*<F-ID>\\w</F-ID>)(?:{p})" for p in escaped) + "\n"
        config = self.place("fail2ban.conf", rules)
        run = Run(
            ["python3", program, "--usedns=no", "--print-no-missed", text, config],
            environment=self.environment)
        run.command[0] = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"

        def count():
            line = next(line for line in run.printed.splitlines() if line.startswith("Lines:"))
            return int(line.split(" matched")[0].split()[-1])
        run.count = count
        return run

    def logcheck(self, text):
        """logcheck itself, its patterns as `violations.d`, everything else ignored by one rule; the report to a file, no
        mail. Changed in it are the paths of its programs alone. It does not run as root: then as nobody."""
        program = self.program("logcheck")
        if not program:
            return None
        with open(program, encoding="utf-8") as file:
            script = file.read()
        for name in ("/usr/bin/lockfile-", "/usr/sbin/logtail2"):
            if os.path.exists(self.tree + name) or glob.glob(self.tree + name + "*"):
                script = script.replace(name, self.tree + name)
        copy = self.place("logcheck/logcheck", script)

        def rule(pattern):
            # A number sign begins a comment there.
            return ("[#]" + pattern[1:] if pattern.startswith("#") else pattern) + "\n"
        self.place("logcheck/rules/violations.d/herald", "".join(map(rule, self.patterns.posix)))
        self.place("logcheck/rules/ignore.d.server/all", "^\n")
        state = os.path.join(self.folder, "logcheck/state")
        self.place(
            "logcheck/conf",
            f'RULEDIR="{self.folder}/logcheck/rules"\nSTATEDIR="{state}"\nLOCKDIR="{state}/lock"\n'
            f'LOCKFILE="{state}/lock/logcheck"\nINTRO=0\nLOGFILES_LIST=/dev/null\nLOGFILES_LIST_D=/dev/null\n')
        out = self.place("logcheck/out")
        command = ["bash", copy, "-c", self.folder + "/logcheck/conf", "-o", "-l", text]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + command

        def prepare():
            self.fresh("logcheck/state")
            self.fresh("logcheck/state/lock")
            subprocess.run(["chmod", "-R", "a+rwX", os.path.join(self.folder, "logcheck")], check=True)
        run = Run(
            ["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", out] + command,
            environment=dict(self.environment, TMP=state), prepare=prepare)
        # Two lines of heading and an empty one.
        run.count = lambda: self.lines(out) - 3
        return run

    def rsyslog(self, text):
        """imfile, a ruleset with `re_match` (POSIX extended) for each pattern, omfile."""
        program = self.program("rsyslogd")
        if not program:
            return None
        modules = glob.glob(os.path.dirname(os.path.dirname(program)) + "/lib/*/rsyslog")
        out, end = self.place("rsyslog.out"), self.place("rsyslog.end")

        def literal(text):
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        tests = "\n".join(
            f"  if re_match($msg, {literal(p)}) then {{ action(type='omfile' file='{out}' template='whole') stop }}"
            for p in self.patterns.posix).replace("type='omfile'", 'type="omfile"').replace(
                f"file='{out}'", f'file="{out}"').replace("template='whole'", 'template="whole"')
        work = os.path.join(self.folder, "rsyslog.work")
        config = self.place("rsyslog.conf", f'''global(workDirectory="{work}")
module(load="imfile")
template(name="whole" type="string" string="%msg%\\n")
input(type="imfile" File="{text}" Tag="bench" Ruleset="bench" freshStartTail="off")
ruleset(name="bench") {{
  if $msg contains "{END}" then {{ action(type="omfile" file="{end}" template="whole") stop }}
{tests}
}}
''')
        command = [program, "-n", "-f", config, "-i", self.folder + "/rsyslog.pid"] + [f"-M{m}" for m in modules[:1]]
        return Daemon(self, command, out, end, lambda: self.fresh("rsyslog.work"))

    def syslog_ng(self, text):
        """A file source, a filter with `match()` (PCRE) for each pattern, a file destination."""
        program = self.program("syslog-ng")
        if not program:
            return None
        modules = glob.glob(os.path.dirname(os.path.dirname(program)) + "/lib/syslog-ng/*/libaffile.so")
        out, end = self.place("syslog-ng.out"), self.place("syslog-ng.end")

        def literal(text):
            # A back-quote begins a variable of the configuration; two are one.
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "``") + '"'
        tests = "\n    or ".join(f'match({literal(p)} value("MESSAGE") type("pcre"))' for p in self.patterns.perl)
        config = self.place("syslog-ng.conf", f'''@version: 3.38
@include "scl.conf"
options {{ threaded(yes); stats_freq(0); }};
source s {{ file("{text}" flags(no-parse) follow-freq(0.1)); }};
filter last {{ match("{END}" value("MESSAGE") type("string") flags("substring")); }};
filter rules {{ {tests}; }};
destination found {{ file("{out}" template("$MESSAGE\\n")); }};
destination end {{ file("{end}" template("$MESSAGE\\n")); }};
log {{ source(s); filter(last); destination(end); flags(final); }};
log {{ source(s); filter(rules); destination(found); }};
'''.replace('@include "scl.conf"\n', ""))
        work = os.path.join(self.folder, "syslog-ng.work")
        command = [
            program, "-F", "-f", config, "-R", work + "/persist", "-p", work + "/pid", "-c", work + "/ctl", "--no-caps"]
        if modules:
            command.append("--module-path=" + os.path.dirname(modules[0]))
        return Daemon(self, command, out, end, lambda: self.fresh("syslog-ng.work"))


class Daemon:
    """A peer that does not end by itself: measured from its start until the text's last line has come out; then stopped."""

    def __init__(self, peers, command, out, end, prepare, limit=600):
        self.peers, self.command, self.out, self.end, self.prepare, self.limit = peers, command, out, end, prepare, limit
        self.best, self.spent, self.errors = None, 0.0, ""

    def once(self, counts):
        for path in (self.out, self.end):
            if os.path.exists(path):
                os.unlink(path)
        self.prepare()
        log = self.out + ".log"
        start = time.monotonic()
        with open(log, "wb") as file:
            process = subprocess.Popen(
                self.command, env=dict(os.environ, **self.peers.environment), stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            while not (os.path.exists(self.end) and os.path.getsize(self.end)):
                if process.poll() is not None or time.monotonic() - start > self.limit:
                    with open(log, encoding="utf-8", errors="replace") as file:
                        raise SystemExit(f"{self.command[0]} did not work the text off:\n{file.read()[-2000:]}")
                time.sleep(0.005)
            taken = time.monotonic() - start
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if counts and (self.best is None or taken < self.best):
            self.best = taken

    def count(self):
        return self.peers.lines(self.out)
