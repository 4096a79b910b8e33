"""Logs, and the records in them that somebody has labelled."""

import dataclasses
import glob
import os


@dataclasses.dataclass
class Hit:
    """What `herald scan --json` says, as far as it is asked."""
    line: int
    rule: str
    severity: str
    text: str
    language: str | None

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

    def is_whole(self, hits):
        """Whether one of these hits holds all that it must."""
        return not self.whole or any(all(line in hit.text for line in self.whole) for hit in hits)


@dataclasses.dataclass
class Log:
    name: str
    lines: list[bytes]
    records: list[Record]

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
