"""Tests of host intrusion detection (OSSEC, Wazuh): `log N pass = LINE`, then `alert = LEVEL`. Levels up to 3 are
noise; what is told of 10 and more is listed, to be read. Many lines stand in both and in several tests: each counts
once, with its highest level.
"""

import re

from ..logs import Log, name, paths, read
from .subset import Subset, at_most


class Intrusion(Subset):
    about = "host intrusion, by level"

    def read(self, folder):
        levels, files = {}, {}
        for path in paths(folder, "wazuh_tests/*.ini") + paths(folder, "ossec_tests/contrib/**/tests/*.ini"):
            for line, level in self.tests(read(path).split(b"\n")):
                if line not in levels:
                    files.setdefault(name(path), []).append(line)
                levels[line] = max(level, levels.get(line, 0))
        for file, lines in files.items():
            yield Log.of_lines(
                file, ((line, (False if levels[line] <= 3 else None, f"level {levels[line]}")) for line in lines))

    @staticmethod
    def tests(lines):
        pending = []
        for line in lines:
            found = re.match(rb"log \d+ pass ?= ?(.+)", line)
            level = re.match(rb"alert ?= ?(\d+)", line)
            if line.startswith(b"["):
                pending = []
            elif found:
                pending.append(found.group(1))
            elif level:
                yield from ((text, int(level.group(1))) for text in pending)
                pending = []

    def targets(self, count):
        return [at_most(count, 2)]

    def is_listed(self, record):
        return int(record.label.split()[-1]) >= 10
