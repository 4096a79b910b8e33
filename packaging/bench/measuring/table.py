"""Rows of the table that `run` prints: a measure, ours, theirs, their ratio, the target, whether it is met.

Must stay true: a target is compared with what was measured in the same run, never with a figure of another day.
"""

import argparse
import json
import os
import sys


class Table:
    """Prints each row as it comes, and leaves it for `run` where that asked for it (--rows)."""

    def __init__(self, path):
        self.path = path
        self.missed = 0

    def row(self, measure, ours, theirs="", ratio=None, at_least=None, at_most=None, met=None, unit=""):
        """`ratio` (or a figure of ours) against `at_least` or `at_most`; `met` for what is no figure. None of the
        three: told, not judged."""
        target = ""
        if at_least is not None:
            target, met = f"≥ {at_least:g}{unit}", ratio is not None and ratio >= at_least
        elif at_most is not None:
            target, met = f"≤ {at_most:g}{unit}", ratio is not None and ratio <= at_most
        elif met is not None:
            target = "must hold"
        row = {"measure": measure, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": unit, "target": target, "met": met}
        self.missed += met is False
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        print(shown([row])[-1], flush=True)

    def absent(self, measure, why):
        """A row that could not be measured here; no failure, but it is said."""
        self.row(measure, "", why)

    def done(self):
        sys.exit(1 if self.missed else 0)


def shown(rows):
    """The lines of a table in Markdown."""

    def figure(row):
        if row["ratio"] is None:
            return ""
        return f"{row['ratio']:,.2f}{row['unit']}" if row["ratio"] < 100 else f"{row['ratio']:,.0f}{row['unit']}"

    cells = [["measure", "ours", "theirs", "ratio or figure", "target", ""]]
    for row in rows:
        mark = {True: "met", False: "MISSED", None: ""}[row["met"]]
        cells.append([row["measure"], row["ours"], row["theirs"], figure(row), row["target"], mark])
    # A bar would end the cell.
    cells = [[cell.replace("|", "\\|") for cell in line] for line in cells]
    width = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = ["| " + " | ".join(cell.ljust(width[n]) for n, cell in enumerate(line)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in width) + "|")
    return lines


def options(doc, **more):
    """The arguments that every measurement takes: BIN, --scale, --runs, --rules, --folder, --rows; `more` are its own."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("bin", metavar="BIN", help="the folder of the programs")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="all sizes times F (targets are for 1)")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many, after one to warm up")
    parser.add_argument("--rules", default=os.path.join(here, "..", "..", "rules"), metavar="DIR")
    parser.add_argument("--folder", default=os.environ.get("HERALD_BENCH_FOLDER", "/var/tmp"), metavar="DIR",
                        help="where texts and state lie; its disk is what is measured")
    parser.add_argument("--rows", metavar="FILE", help="add the rows there, as JSON")
    for name, default in more.items():
        parser.add_argument("--" + name.replace("_", "-"), default=default, type=type(default) if default is not None else str)
    found = parser.parse_args()
    found.bin = os.path.abspath(found.bin)
    found.rules = os.path.abspath(found.rules)
    found.bench = here
    return found
