"""Whole processes, measured: their wall time, their processor time, what they hold resident.

Must stay true: runs that are compared take turns (ours, theirs, ours, theirs), so that a busy minute hits both; of each
the best counts. Processes are ended by their number, never by a name.
"""

import os
import signal
import subprocess
import time


class Run:
    """One command that is measured. `prepare` runs before each time, unmeasured."""

    def __init__(self, command, environment=None, cores=None, prepare=None, limit=600, output=subprocess.PIPE, entry=None):
        self.command, self.environment, self.cores, self.prepare = command, environment, cores, prepare
        self.limit, self.output, self.entry = limit, output, entry
        self.best = None
        self.spent = 0.0
        self.printed = ""
        self.errors = ""
        self.code = None

    def once(self, counts):
        if self.prepare:
            self.prepare()
        environment = dict(os.environ, **(self.environment or {}))
        before = os.times()
        start = time.monotonic()
        process = subprocess.Popen(
            self.command, env=environment, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True,
            preexec_fn=(lambda: os.sched_setaffinity(0, self.cores)) if self.cores else None)
        try:
            out, self.errors = process.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise SystemExit(f"{self.command[0]} did not end within {self.limit} s")
        taken = time.monotonic() - start
        after = os.times()
        self.printed, self.code = (out or "").strip(), process.returncode
        if counts and (self.best is None or taken < self.best):
            self.best = taken
            self.spent = after.children_user + after.children_system - before.children_user - before.children_system


def in_turns(runs, count, warm_up=True):
    """Each of the runs `count` times, one after the other in turns; before that each once to warm up."""
    for number in range(count + warm_up):
        for run in runs:
            run.once(counts=number >= warm_up)


def memory(pid):
    """In kB: what is resident; of that, what is its own and changed (private dirty); and what is its own for the moment,
    unchanged pages of files that nobody else maps, which the kernel drops when it wants the room (private clean)."""
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            parts = line.split()
            if len(parts) == 3:
                fields[parts[0]] = int(parts[1])
    return fields["Rss:"], fields["Private_Dirty:"], fields["Private_Clean:"]


def resident(pid):
    """Resident memory in kB, cheaply."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4


def peak(pid):
    """The most kB that it ever had resident; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def run_time(pid):
    """Processor time in seconds of all threads, to the nanosecond (schedstat)."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def switches(pid):
    """How often any of its threads has gone to sleep and was woken: voluntary context switches."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status", encoding="ascii", errors="replace") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))
