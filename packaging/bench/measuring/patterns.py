"""The shipped rules' patterns, as each program writes them. One set for all: what one of them cannot express is left out
for all, so that everybody searches for the same and must count the same lines."""

import os
import re
import subprocess


class Untranslatable(Exception):
    """A construct that POSIX extended expressions lack."""


CLASSES = {"d": "0-9", "s": "[:space:]", "w": "[:alnum:]_"}
OUTSIDE = {"d": "[0-9]", "D": "[^0-9]", "s": "[[:space:]]", "S": "[^[:space:]]", "w": "[[:alnum:]_]", "W": "[^[:alnum:]_]"}


def posix(pattern):
    """A Perl-style pattern as POSIX extended, as GNU understands it; equal as to which lines match."""
    out = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            letter = pattern[at + 1]
            at += 2
            if letter in OUTSIDE:
                out.append(OUTSIDE[letter])
            elif letter in "bB":
                out.append("\\" + letter)
            elif letter == "t":
                out.append("\t")
            elif letter.isalnum():
                raise Untranslatable("\\" + letter)
            elif letter in "/-:#%&,;<=>@_~'\"! `":
                out.append(letter)
            else:
                out.append("\\" + letter)
        elif char == "[":
            text, at = bracket(pattern, at)
            out.append(text)
        elif char == "(":
            named = re.match(r"\((?:\?:|\?P?<[A-Za-z_]\w*>)?", pattern[at:])
            if named.group() == "(" and pattern[at + 1:at + 2] in ("?", "*"):
                raise Untranslatable(pattern[at:at + 4])
            out.append("(")
            at += len(named.group())
        elif char in "*+?}" and pattern[at + 1:at + 2] == "+":
            raise Untranslatable("possessive")
        elif char in "*+?}":
            out.append(char)
            # A lazy repeat matches the same lines.
            at += 2 if pattern[at + 1:at + 2] == "?" else 1
        elif char == "{" and not re.match(r"\{\d+(,\d*)?\}", pattern[at:]):
            out.append("\\{")
            at += 1
        else:
            out.append(char)
            at += 1
    # No piece but the signs themselves is one of these.
    for piece, following in zip(["|"] + out, out + ["|"]):
        if piece in ("(", "|") and following in ("|", ")"):
            raise Untranslatable("an empty alternative")
    return "".join(out)


def bracket(pattern, at):
    """A bracket expression from `at`, and where it ends."""
    at += 1
    negated = pattern[at] == "^"
    at += negated
    members, first = [], True
    close, dash = False, False
    while pattern[at] != "]" or first:
        first = False
        char = pattern[at]
        if char == "[" and pattern[at + 1:at + 2] == ":":
            end = pattern.index(":]", at) + 2
            members.append(pattern[at:end])
            at = end
        elif char == "\\":
            letter = pattern[at + 1]
            at += 2
            if letter in CLASSES:
                members.append(CLASSES[letter])
            elif letter == "n":
                # No line holds one. Alone in a negated class it leaves any byte.
                pass
            elif letter == "t":
                members.append("\t")
            elif letter == "]":
                close = True
            elif letter == "-":
                dash = True
            elif letter == "\\":
                members.append("\\")
            elif letter.isalnum():
                raise Untranslatable("[\\" + letter)
            else:
                members.append(letter)
        else:
            if char == "-" and (not members or pattern[at + 1] == "]"):
                dash = True
            else:
                members.append(char)
            at += 1
    inner = ("]" if close else "") + "".join(members) + ("-" if dash else "")
    if inner == "" and negated:
        return ".", at + 1
    if not negated and inner.startswith("^"):
        inner = inner[1:] + "^" if len(inner) > 1 else "\\^"
        if inner == "\\^":
            return inner, at + 1
    return "[" + ("^" if negated else "") + inner + "]", at + 1


def plain(pattern):
    """Without groups' names: they may come twice in a list, and ripgrep 13 wants them written its own way."""
    return re.sub(r"\(\?P?<[A-Za-z_]\w*>", "(?:", pattern)


class PatternSet:
    """`perl`: for Herald, ripgrep, Perl, Python, PCRE; `posix`: for grep -E, logcheck, rsyslog. In the same order."""

    def __init__(self, herald, rules, rg):
        command = [herald, "rules", "patterns", "--rules", rules]
        offered = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        self.perl, self.posix, self.left_out = [], [], []
        for pattern in offered:
            name, text = plain(pattern), None
            try:
                text = posix(name)
                re.compile(name.encode())
                if rg and self.code([rg, "--no-config", "--no-unicode", "-e", name, os.devnull]) > 1:
                    raise Untranslatable("refused by rg")
                if self.code(["grep", "-E", "-e", text, os.devnull]) > 1:
                    raise Untranslatable("refused by grep")
            except (Untranslatable, re.error) as reason:
                self.left_out.append((pattern, str(reason)))
                continue
            self.perl.append(name)
            self.posix.append(text)

    @staticmethod
    def code(command):
        return subprocess.run(command, capture_output=True, env=dict(os.environ, LC_ALL="C")).returncode

    def summary(self):
        """How many there are, and why the others are left out."""
        reasons = {}
        for _, reason in self.left_out:
            reasons[reason] = reasons.get(reason, 0) + 1
        why = ", ".join(f"{count}: {reason}" for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1]))
        offered = len(self.perl) + len(self.left_out)
        return f"{len(self.perl)} of {offered} patterns" + (f" (left out for all: {why})" if why else "")
