"""Stack traces, each file one (fluent-plugin-detect-exceptions); the name begins with the language, PART is a part of
one. fluent-bit's examples have lines around the trace.
"""

import re

from ..logs import Log, Record, name, paths, read
from .subset import Subset

LANGUAGES = {
    "JAVA": "java", "COMPLEX_JAVA": "java", "NESTED_JAVA": "java", "PYTHON": "python", "GO": "go", "RUBY": "ruby",
    "RAILS": "ruby", "PHP": "php", "CLIENT_JS": "javascript", "NODE_JS": "javascript", "V8_JS": "javascript",
    "CSHARP": "dotnet", "DART": "dart",
}


def language(file):
    """Of the longest beginning that is known."""
    known = [prefix for prefix in LANGUAGES if file.startswith(prefix + "_")]
    return LANGUAGES[max(known, key=len)] if known else None


def behind_header(line):
    return re.sub(r"^\w{3} [ \d]\d [\d:]{8} ", "", line.decode(errors="replace")).strip()


class Traces(Subset):
    about = "one record each"

    def read(self, folder):
        for path in paths(folder, "detect_exceptions/*.txt"):
            lines = read(path).rstrip(b"\n").split(b"\n")
            of = language(name(path))
            if of is None:
                yield Log(name(path), lines, [Record(1, len(lines), None, "no trace")])
                continue
            yield Log(name(path), lines, [self.trace(lines, 1, len(lines), of)])
        for path in paths(folder, "fluentbit_multiline/**/test.log"):
            lines = read(path).rstrip(b"\n").split(b"\n")
            numbered = list(enumerate(lines, 1))
            first = next((at for at, line in numbered if re.search(rb"Exception in thread|^panic: ", line)), 0)
            ends = [at for at, line in numbered if at > first and re.match(rb"another line|one more line", line)]
            if first and ends:
                of = "go" if lines[first - 1].startswith(b"panic") else "java"
                yield Log(path.split("/")[-2], lines, [self.trace(lines, first, ends[0] - 1, of)])

    @staticmethod
    def trace(lines, first, last, of):
        whole = [behind_header(line) for line in lines[first - 1:last] if line.strip()]
        return Record(first, last, None, "a trace", whole=whole, language=of)

    def targets(self, count):
        return [
            (count.joined == count.traces, f"every trace one whole record: {count.joined} of {count.traces}"),
            (count.named == count.traces, f"its language named: {count.named} of {count.traces}"),
        ]
