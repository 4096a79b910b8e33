"""What Herald reads from others' messages, addresses and domains, and says in others' logins, beside what these sets say
that is right. Asked through `herald parse`."""

import collections
import glob
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

#: Files for one run of the command.
BATCH = 100


def asked(herald, kind, questions):
    """The answers, one for each question."""
    done = subprocess.run([herald, "parse", kind], input="".join(json.dumps(question) + "\n" for question in questions),
                          capture_output=True, check=False, encoding="utf-8", errors="surrogatepass", timeout=600)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(questions):
        raise SystemExit(f"herald parse {kind} ended with {done.returncode} after {len(answers)} of {len(questions)}: "
                         f"{done.stderr[-500:]}")
    return answers


def listed(notes, verbose, many=5):
    """Some lines of many, all where they are asked for."""
    shown = notes if verbose else notes[:many]
    return shown + ([f"and {len(notes) - len(shown)} more (--verbose)"] if len(shown) < len(notes) else [])


class Messages:
    """Every file of every set of messages, whatever it is."""
    about = "no crash, 1 s for a megabyte, the parts that the set says"

    def run(self, herald, corpora, verbose):
        top = os.path.join(corpora, "email")
        files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names)
        found, crashed = {}, []
        for first in range(0, len(files), BATCH):
            self.read(herald, files[first:first + BATCH], found, crashed)
        # Of the smallest files a start takes longer than their share of a second.
        slow = [path for path, read in found.items() if read["microseconds"] > max(20_000, read["bytes"])]
        slowest = max((read["microseconds"] / max(1, read["bytes"]), path) for path, read in found.items()
                      if read["bytes"] >= 10_000) if found else (0, "")
        same, other = self.compare(found)
        total = len(same) + len(other)
        print(f"  {len(files)} files, {sum(read['bytes'] for read in found.values()) / 1e6:.1f} MB; the slowest of more "
              f"than 10 kB: {slowest[0]:.3f} s for a megabyte ({os.path.relpath(slowest[1], top) if slowest[1] else ''})")
        for note in listed([f"other parts: {os.path.relpath(path, top)}: {ours}, the set says {theirs}"
                            for path, ours, theirs in other], verbose):
            print(f"  {note}")
        return [
            (not crashed and len(found) == len(files), f"no crash: {len(found)} of {len(files)} {crashed[:3] or ''}"),
            (not slow, f"at most 1 s for a megabyte: {len(files) - len(slow)} of {len(files)} {slow[:3] or ''}"),
            (len(same) * 100 >= 90 * total, f"the same parts in 90 of 100: {len(same)} of {total}"),
        ] if files else []

    def read(self, herald, files, found, crashed):
        done = subprocess.run([herald, "parse", "message"] + files, capture_output=True, check=False, timeout=600)
        for line in done.stdout.splitlines():
            read = json.loads(line)
            found[read["file"]] = read
        if done.returncode == 0:
            return
        if len(files) == 1:
            crashed.append(f"{files[0]}: {done.returncode} {done.stderr.decode(errors='replace')[-200:]}")
            return
        for path in files:
            if path not in found:
                self.read(herald, [path], found, crashed)

    @staticmethod
    def compare(found):
        """mime4j says for a .msg in an .xml beside it of what it consists."""
        same, other = [], []
        for path, read in found.items():
            says = re.sub(r"\.msg$", ".xml", path)
            if says == path or not os.path.exists(says):
                continue
            with open(says, "rb") as file:
                text = re.sub(rb"&#x?0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]?);", b"?", file.read())
            try:
                theirs = theirs_of(ElementTree.fromstring(text))
            except ElementTree.ParseError:
                continue
            ours = ours_of(read["root"])
            (same.append(path) if ours == theirs else other.append((path, ours, theirs)))
        return same, other


def theirs_of(element):
    """`.` for a leaf, `[…]` for a multipart, `(…)` for a message."""
    for child in element:
        if child.tag == "multipart":
            return "[" + "".join(theirs_of(part) for part in child if part.tag == "body-part") + "]"
        if child.tag == "message":
            return "(" + theirs_of(child) + ")"
    return "."


def ours_of(part):
    inner = "".join(ours_of(child) for child in part["parts"])
    if part["multipart"]:
        return f"[{inner}]"
    return f"({inner})" if inner else "."


class Addresses:
    """Isemail's addresses. What SMTP cannot carry (comments, folding) is none of ours."""
    about = "addresses that SMTP may carry are taken, others are not"
    good = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"}

    def run(self, herald, corpora, verbose):
        tests = []
        for path in glob.glob(os.path.join(corpora, "vectors/isemail/**/*.xml"), recursive=True):
            for test in ElementTree.parse(path).getroot().iter("test"):
                address = test.findtext("address") or ""
                # Control characters stand there as their pictures.
                address = "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) <= 0x2420 else c for c in address)
                tests.append((address, test.findtext("category"), test.findtext("diagnosis")))
        answers = asked(herald, "address", [address for address, _, _ in tests])
        counts = collections.Counter()
        notes = []
        for (address, category, diagnosis), answer in zip(tests, answers):
            taken = "address" in answer
            counts[category, taken] += 1
            if taken != (category in self.good):
                notes.append(f"{'taken' if taken else 'refused'}, {diagnosis}: {address[:80]!r} {answer.get('error', '')}")
        for note in listed(notes, verbose):
            print(f"  {note}")
        wrong = sum(count for (category, taken), count in counts.items() if category == "ISEMAIL_ERR" and taken)
        errors = sum(count for (category, _), count in counts.items() if category == "ISEMAIL_ERR")
        plain = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"}
        lost = sum(count for (category, taken), count in counts.items() if category in plain and not taken)
        valid = sum(count for (category, _), count in counts.items() if category in plain)
        rare = sum(count for (category, taken), count in counts.items() if category == "ISEMAIL_RFC5321" and taken)
        return [
            (wrong == 0, f"what is no address is refused: {errors - wrong} of {errors}"),
            (lost == 0, f"what is one is taken: {valid - lost} of {valid} (and {rare} of "
                        f"{sum(n for (c, _), n in counts.items() if c == 'ISEMAIL_RFC5321')} quoted, literal or with one label)"),
        ] if tests else []


class Domains:
    """Unicode's conformance test of UTS #46, for libidn2 as Herald asks it: IDNA 2008, nontransitional."""
    about = "domains in A-labels"

    def run(self, herald, corpora, verbose):
        tests = []
        for path in glob.glob(os.path.join(corpora, "vectors/idna/**/IdnaTestV2.txt"), recursive=True):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    columns = [column.strip() for column in line.split("#")[0].split(";")]
                    if len(columns) >= 7:
                        tests.append(columns)
        questions, expected = [], []
        for source, unicode, status, labels, labels_status, *_ in tests:
            source, unicode, labels, status = plain(source), plain(unicode), plain(labels), labels_status or status
            # What is ASCII already is not ours to change or to judge: the name servers know it or do not.
            if source.isascii() or any(0xd800 <= ord(c) < 0xe000 for c in source):
                continue
            faults = set(re.findall(r"[A-Z]", status.replace("A4", "")))
            if "A4" in status or faults == {"B"}:
                # A dot at the end, lengths, and the order of letters that run from right to left.
                continue
            questions.append(source)
            expected.append(None if faults else (labels or unicode or source).lower().rstrip("."))
        answers = [answer.get("ascii") for answer in asked(herald, "domain", questions)]
        pairs = list(zip(questions, expected, answers))
        wrong = [f"taken: {ascii(question)} as {got}" for question, want, got in pairs if want is None and got is not None]
        other = [f"other: {ascii(question)} as {got}, not {want}" for question, want, got in pairs
                 if want is not None and got is not None and got.lower() != want]
        for note in listed(wrong + other, verbose):
            print(f"  {note}")
        invalid = sum(want is None for want in expected)
        refused = sum(want is not None and got is None for _, want, got in pairs)
        valid = len(pairs) - invalid
        # Capital sharp s has been another letter's capital since Unicode 15.1; libidn2 is as old as the host.
        return [
            (not wrong, f"invalid ones refused: {invalid - len(wrong)} of {invalid}"),
            (len(other) * 100 <= valid, f"in other A-labels at most one of 100: {len(other)} of {valid}, and {refused} refused "
                                        f"(IDNA 2008 refuses symbols that UTS #46 takes)"),
        ] if questions else []


def plain(text):
    """The test's own escapes."""
    if text == '""':
        return ""
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda match: chr(int(match[1], 16)), text)


class Logins:
    """xdg-go's SCRAM conversations, the servers' tampered ones among them."""
    about = "SCRAM says what it must, and believes no wrong server"

    def run(self, herald, corpora, verbose):
        cases = []
        for path in sorted(glob.glob(os.path.join(corpora, "vectors/scram_xdg/**/*.json"), recursive=True)):
            with open(path, encoding="utf-8") as file:
                case = json.load(file)
            if case["digest"] in ("SHA-1", "SHA-256") and not case.get("authID"):
                cases.append((os.path.basename(path), case))
        answers = asked(herald, "scram", [
            {"mechanism": "SCRAM-" + case["digest"], "name": case["user"], "password": case["pass"],
             "nonce": case["clientNonce"], "server": case["steps"][1::2]} for _, case in cases])
        good = bad = 0
        notes = []
        for (name, case), answer in zip(cases, answers):
            is_bad_server = "validator" in name
            client = [text for text in case["steps"][0::2] if text]
            said = [text for text in answer["client"] if text]
            # What a tampered client would say we do not.
            fits = said[:1] == client[:1] if "bad-proof" in name else said == client
            ends = "error" in answer if is_bad_server else answer.get("may_finish", False) or "bad-proof" in name
            if fits and ends:
                good += 1
            else:
                bad += 1
                notes.append(f"{name}: {answer}, not {client}")
        for note in listed(notes, verbose):
            print(f"  {note}")
        return [(bad == 0, f"as the set says: {good} of {good + bad}")] if cases else []


ALL = {"mail": Messages(), "addresses": Addresses(), "domains": Domains(), "logins": Logins()}
