"""The YAML of the labels: mappings and sequences in block style, scalars plain, quoted or in blocks. Python's library
has no reader of YAML; what is not needed (anchors, tags, flow collections, documents) is not read: a flow collection
comes back as its text.
"""

import re

KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#\-\[{][^#]*?|-[^\s][^#]*?)\s*:(?:\s+|$)""")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", " ": " "}


def load(text):
    return Reader(text).node(0)


class Reader:
    def __init__(self, text):
        self.lines = [line.rstrip("\r") for line in text.split("\n")]
        self.at = 0

    def skip(self):
        while self.at < len(self.lines) and re.fullmatch(r"\s*(#.*)?|---.*", self.lines[self.at]):
            self.at += 1
        return self.at < len(self.lines)

    @staticmethod
    def indent(line):
        return len(line) - len(line.lstrip(" "))

    def node(self, least):
        """What begins at the next line, when it is indented by `least` or more."""
        if not self.skip() or self.indent(self.lines[self.at]) < least:
            return None
        line = self.lines[self.at]
        indent = self.indent(line)
        rest = line[indent:]
        if rest == "-" or rest.startswith("- "):
            return self.sequence(indent)
        return self.mapping(indent) if KEY.match(rest) else self.scalar(rest, indent, self.step)

    def step(self):
        self.at += 1

    def sequence(self, indent):
        items = []
        while self.skip():
            line = self.lines[self.at]
            rest = line[indent:]
            if self.indent(line) != indent or not (rest == "-" or rest.startswith("- ")):
                break
            if rest.rstrip() == "-":
                self.at += 1
                items.append(self.node(indent + 1))
                continue
            inner = indent + 1 + self.indent(rest[1:])
            self.lines[self.at] = " " * inner + line[inner:]
            item = line[inner:]
            nested = KEY.match(item) or item == "-" or item.startswith("- ")
            items.append(self.node(inner) if nested else self.scalar(item, indent, self.step))
        return items

    def mapping(self, indent):
        pairs = {}
        while self.skip():
            line = self.lines[self.at]
            found = KEY.match(line[indent:])
            if self.indent(line) != indent or not found:
                break
            key = self.unquoted(found.group(1))
            rest = line[indent + found.end():]
            self.at += 1
            if rest and not rest.startswith("#"):
                pairs[key] = self.scalar(rest, indent, lambda: None)
            else:
                # A sequence may stand as far left as its key.
                below = self.skip() and self.lines[self.at]
                is_sequence = below and self.indent(below) == indent and re.match(r"-(\s|$)", below[indent:])
                pairs[key] = self.node(indent if is_sequence else indent + 1)
        return pairs

    def scalar(self, rest, indent, step):
        step()
        if re.fullmatch(r"[|>][+-]?[1-9]?[+-]?\s*(#.*)?", rest):
            return self.block(rest, indent)
        if rest[0] in "\"'":
            return self.unquoted(self.quoted(rest))
        parts = [re.sub(r"\s+#.*", "", rest).strip()]
        while self.at < len(self.lines) and self.lines[self.at].strip() and self.indent(self.lines[self.at]) > indent:
            parts.append(self.lines[self.at].strip())
            self.at += 1
        return self.value(" ".join(parts))

    def quoted(self, rest):
        """Up to the closing quote, over lines."""
        pattern = r'"(?:[^"\\]|\\.)*"' if rest[0] == '"' else r"'(?:[^']|'')*'"
        while not re.match(pattern, rest, re.S) and self.at < len(self.lines):
            next_line = self.lines[self.at].strip()
            self.at += 1
            if rest.endswith("\\"):
                rest = rest[:-1] + re.sub(r"^\\(?= )", "", next_line)
            else:
                rest = rest.rstrip(" ") + (" " if next_line and not rest.endswith("\n") else "") + (next_line or "\n")
        found = re.match(pattern, rest, re.S)
        return found.group(0) if found else rest

    @staticmethod
    def unquoted(text):
        if text[:1] == "'":
            return text[1:-1].replace("''", "'")
        if text[:1] != '"':
            return text
        def plain(found):
            digits = found.group(2) or found.group(3) or found.group(4)
            return chr(int(digits, 16)) if digits else ESCAPES.get(found.group(1), found.group(1))
        return re.sub(r"\\(x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)", plain, text[1:-1], flags=re.S)

    def block(self, head, indent):
        lines = []
        inner = None
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip():
                inner = inner or self.indent(line)
                if self.indent(line) <= indent:
                    break
            lines.append(line[inner or 0:] if line.strip() else "")
            self.at += 1
        while lines and not lines[-1]:
            lines.pop()
        text = "\n".join(lines) if head[0] == "|" else re.sub(r"(?m)^([^ \n][^\n]*)\n(?=[^ \n])", r"\1 ", "\n".join(lines))
        return text if "-" in head else text + "\n"

    @staticmethod
    def value(text):
        if text in ("", "~", "null"):
            return None
        if text in ("true", "false"):
            return text == "true"
        try:
            return float(text)
        except ValueError:
            return text
