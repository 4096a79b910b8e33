"""Logs through `herald scan`; each record gets the hits that touch its lines."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile

from . import journal
from .logs import Hit

#: Files for one run of the command.
BATCH = 400
#: Hit by every record, so that it is seen which lines were joined, and which language was read in them.
EVERY = "evaluate-every-record"
EVERY_RULE = f"""rules:
  - id: {EVERY}
    title: "A record"
    severity: warning
    floor: true
    match: '[^\\n]'
    examples: {{match: ['a'], no_match: []}}
"""


def scan(herald, rules, logs):
    with tempfile.TemporaryDirectory(prefix="herald-evaluate-") as folder:
        every = os.path.join(folder, "every.yaml")
        with open(every, "w", encoding="utf-8") as file:
            file.write(EVERY_RULE)
        for log in (log for log in logs if log.entries):
            share(log, sorted(hits_in(journal.make(folder, log), herald, rules, every), key=lambda hit: hit.line))
        logs = [log for log in logs if not log.entries]
        for first in range(0, len(logs), BATCH):
            files = {}
            for number, log in enumerate(logs[first:first + BATCH]):
                path = os.path.join(folder, f"{number}.log")
                with open(path, "wb") as file:
                    file.write(b"\n".join(log.lines) + b"\n")
                files[path] = log
            hits = {}
            for hit in hits_in(list(files), herald, rules, every):
                hits.setdefault(hit.file, []).append(hit)
            for path, log in files.items():
                share(log, sorted(hits.get(path, []), key=lambda hit: hit.line))


def hits_in(sources, herald, rules, every):
    command = [herald, "scan", "--json", "--all", "--rules", rules, "--rules", every] + sources
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode(errors="replace"))
    names = {field.name for field in dataclasses.fields(Hit)}
    for line in done.stdout.splitlines():
        yield Hit(**{name: value for name, value in json.loads(line).items() if name in names})


def share(log, hits):
    """Records are in order and apart; a hit may be of several lines, and so of several records."""
    start = 0
    for hit in hits:
        while start < len(log.records) and log.records[start].last < hit.line:
            start += 1
        for record in log.records[start:]:
            if record.first > hit.last:
                break
            record.hits.append(hit)
