"""Logs, and the records in them that somebody has labelled."""

import dataclasses
import glob
import os


@dataclasses.dataclass
class Hit:
    """What `herald scan --json` says, as far as it is asked."""
    file: str
    line: int
    rule: str
    severity: str
    text: str
    #: Of hits that the watcher tells as one incident it is the same.
    incident: str
    inhibits: list[str]
    trace_language: str | None = None

    @property
    def is_told(self):
        return self.severity in ("emergency", "alert", "critical")

    @property
    def last(self):
        return self.line + self.text.count("\n")


@dataclasses.dataclass
class Record:
    """Some lines of a log that belong together, counted from 1, and what is known of them."""
    first: int
    last: int
    #: True: it must be told; False: it must not; None: it is listed when it is.
    expect: bool | None
    label: str
    #: Lines that one record must hold, all of them, as they stand behind their headers.
    whole: list[str] = dataclasses.field(default_factory=list)
    language: str | None = None
    hits: list[Hit] = dataclasses.field(default_factory=list)

    @property
    def told(self):
        return [hit for hit in self.hits if hit.is_told]

    @property
    def incidents(self):
        """The incidents that are told of it, by their rules: those that another one's `inhibits` names wait for its end.
        Of two that name each other the first is told.
        """
        told = {}
        for hit in self.told:
            told.setdefault(hit.incident, hit)
        hits = list(told.values())

        def is_quiet(at):
            hit = hits[at]
            return any(hit.rule in other.inhibits and (other.rule not in hit.inhibits or number < at)
                       for number, other in enumerate(hits) if other.rule != hit.rule)
        return [hit.rule for at, hit in enumerate(hits) if not is_quiet(at)]

    def is_whole(self, hits):
        """Whether one of these hits holds all that it must."""
        return not self.whole or any(all(line in hit.text for line in self.whole) for hit in hits)


@dataclasses.dataclass
class Log:
    name: str
    lines: list[bytes]
    records: list[Record]
    #: Of a journal: the fields of each entry, one for each line.
    entries: list[dict] = dataclasses.field(default_factory=list)

    @classmethod
    def of_one_record(cls, name, text, expect, label, **more):
        lines = text.rstrip(b"\n").split(b"\n")
        return cls(name, lines, [Record(1, len(lines), expect, label, **more)])

    @classmethod
    def of_lines(cls, name, labelled):
        """A record for each line that has a label. `labelled`: pairs of a line and (what is expected, label), or None."""
        labelled = list(labelled)
        records = [Record(at, at, *label) for at, (_, label) in enumerate(labelled, 1) if label]
        return cls(name, [line for line, _ in labelled], records)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def paths(*parts):
    return sorted(path for path in glob.glob(os.path.join(*parts), recursive=True) if os.path.isfile(path))


def name(path):
    return os.path.basename(path)
