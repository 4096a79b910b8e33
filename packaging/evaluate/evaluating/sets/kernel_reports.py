"""Console logs of kernels under test (syzkaller's own tests of its reader): a head with `TITLE:` where the log holds a
report, an empty line, the log. Logs without a title hold look-alikes.
"""

import re

from ..logs import Log, name, paths, read
from .subset import Subset

#: What no Debian kernel prints: sanitizers of memory and races, the checkers of locks and of leaks; and what comes from
#: the fuzzer or from another system beside the kernel.
DEBUGGING = re.compile(
    r"KASAN|KMSAN|KCSAN|LOCKDEP|possible deadlock|possible (?:circular|recursive|irq lock)|suspicious RCU|"
    r"inconsistent lock|bad unlock|locking bug|held lock|lock held|still has locks|nested lock|spinlock|trying to register non-static|"
    r"MAX_STACK_TRACE_ENTRIES|invalid wait context|can.t die|memory leak|SYZ|trusty")
STAMP = re.compile(rb"^(?:.*? login: )?(?:<\d+>)?\[ *\d+\.\d+\](\[ *[CT]\d+\])? ?")
TRACE = re.compile(rb"(?:Call [Tt]race|Backtrace):")
FRAME = re.compile(rb"^ *(?:\[?<?[0-9a-f]*>?\]? )?(?:\? )?([\w.]+\+0x[0-9a-f]+/0x[0-9a-f]+)")


def beginning(lines, title):
    """Where the report of that title begins: the first line with as many of the title's first words as any line has."""
    words = title.split()
    while words:
        wanted = " ".join(words).encode().lower()
        found = next((at for at, line in enumerate(lines) if wanted in line.lower()), None)
        if found is not None:
            return found
        words.pop()
    return 0


def first_trace(lines):
    """The frames of the first call trace, as they stand behind the stamp; of the caller that began it."""
    caller = None
    frames = []
    for line in lines:
        found = STAMP.match(line)
        rest = line[found.end():] if found else line
        mark = found.group(1) if found else None
        if caller is None:
            if TRACE.search(rest):
                caller = mark or b""
            continue
        if (mark or b"") != caller:
            continue
        if not (rest.startswith(b" ") or FRAME.match(rest)):
            break
        frame = FRAME.match(rest)
        if frame:
            frames.append(frame.group(1).decode(errors="replace"))
    return frames


class Reports(Subset):
    is_debugging = False

    def read(self, folder):
        for path in paths(folder, "syzkaller_reports/linux/report/*"):
            head, _, body = read(path).partition(b"\n\n")
            body = body.partition(b"\nREPORT:")[0] or body
            fields = dict(re.findall(r"^([A-Z]+): *(.*)$", head.decode(errors="replace"), re.M))
            title = fields.get("TITLE", "")
            if bool(DEBUGGING.search(title) or DEBUGGING.search(fields.get("TYPE", ""))) != self.is_debugging:
                continue
            lines = body.split(b"\n")
            yield Log.of_one_record(
                "syzkaller " + name(path), body, None if self.is_debugging else bool(title), title or "no title",
                whole=first_trace(lines[beginning(lines, title):]) if title else [])


class Printable(Reports):
    about = "reports that a Debian kernel can print"

    def targets(self, count):
        share = 100 * count.whole / count.expected
        return [
            (share >= 98, "98 % told, each as one incident with its whole trace: "
             f"{share:.1f} % ({count.whole} of {count.expected})"),
            (count.alarms == 0, f"none of those without a title: {count.alarms} of {count.quiet}"),
        ]


class Debugging(Reports):
    about = "sanitizers, checkers of locks; beside the targets"
    is_debugging = True
