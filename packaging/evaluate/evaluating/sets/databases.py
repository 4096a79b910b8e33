"""Error logs of MySQL (Percona's tests) and MongoDB (mtools' tests). Their labels are the servers' own words: crashes,
damage, no space, and with MongoDB the fatal lines of the parts that stop it. Such lines near to each other are one
fault, since a crash is told in a page of text.
"""

import re

from ..logs import Log, Record, name, paths, read
from .subset import Subset, all_told

FAULT = re.compile(
    rb"\[ERROR\][^\n]*(?:corrupt|crashed|Incorrect key file|No space left|[Dd]isk (?:is )?full|Errcode: 28|is full|Aborting)|"
    rb"(?:mysqld|mariadbd) got signal|InnoDB: (?:Assertion failure|We intentionally|Database page corruption)|"
    rb"^\S+ F (?:-|ASSERT|CONTROL|STORAGE|REPL|ROLLBACK) +\[|\bFatal [Aa]ssertion|Got signal: (?:4|6|7|8|11) |"
    rb"\bE STORAGE [^\n]*(?:corrupt|checksum|No space)")
#: Lines.
NEAR = 40


class Databases(Subset):
    about = "crashes, damage, no space"

    def read(self, folder):
        files = set(paths(folder, "mysql_percona/**/errlog*.txt")) | set(paths(folder, "mongodb_mtools/*.log"))
        for path in sorted(files):
            lines = read(path).rstrip(b"\n").split(b"\n")
            records = []
            for at, line in enumerate(lines, 1):
                if not FAULT.search(line):
                    continue
                if records and at - records[-1].last <= NEAR:
                    records[-1].last = at
                else:
                    records.append(Record(at, at, True, "a fault"))
            yield Log(name(path), lines, self.with_the_rest(records, len(lines)))

    @staticmethod
    def with_the_rest(records, count):
        """Between the faults, records of one line each, which are listed when told."""
        everything, at = [], 1
        for record in records + [Record(count + 1, count + 1, None, "")]:
            everything += [Record(line, line, None, "") for line in range(at, record.first)]
            everything.append(record)
            at = record.last + 1
        return everything[:-1]

    def targets(self, count):
        return [all_told(count)]

    def is_listed(self, record):
        return True
