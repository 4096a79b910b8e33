"""Logs whose records others have given a severity: the ops agent's applications, Datadog's pipelines, lnav's formats."""

import json
import os

from .. import plain_yaml
from ..logs import Log, Record, name, paths, read
from .subset import Subset, at_most


class Severity(Subset):
    def targets(self, count):
        verdicts = []
        if count.expected:
            verdicts.append((count.missed <= 1, f"all of critical or above but one: {count.found} of {count.expected}"))
        if count.quiet:
            verdicts.append(at_most(count, 2))
        return verdicts

    @staticmethod
    def expect(grave, quiet):
        return True if grave else False if quiet else None


class OpsAgent(Severity):
    """`input.log`, and in `output_fluentbit.yaml` its entries with `severity` 0 to 800, in the same order."""
    about = "applications of the ops agent"

    def read(self, folder):
        self.unfound = self.wordless = self.unlabelled = 0
        for path in paths(folder, "ops_agent/*/output_fluentbit.yaml"):
            log = os.path.join(os.path.dirname(path), "input.log")
            if not os.path.isfile(log):
                continue
            lines = read(log).rstrip(b"\n").split(b"\n")
            records = list(self.entries(plain_yaml.load(read(path).decode()) or [], lines))
            yield Log(name(os.path.dirname(path)).removeprefix("logging_processor-"), lines, records)
        self.notes = [f"left out: {self.unlabelled} entries without a severity; of the others {self.wordless} without a "
                      f"message, {self.unfound} whose message is in no line of the log"]

    def entries(self, groups, lines):
        at = 0
        for group in groups:
            for entry in (group.get("entries") if isinstance(group, dict) else None) or []:
                payload = entry.get("jsonPayload")
                text = payload.get("message") if isinstance(payload, dict) else None
                severity = entry.get("severity")
                if not isinstance(severity, float):
                    self.unlabelled += 1
                    continue
                if not isinstance(text, str) or not text.strip():
                    self.wordless += 1
                    continue
                wanted = text.strip().split("\n")[0].encode()[:60]
                found = next((number for number in range(at, len(lines)) if wanted in lines[number]), None)
                if found is None:
                    self.unfound += 1
                    continue
                at = found + 1 + text.strip().count("\n")
                yield Record(found + 1, at, self.expect(severity >= 600, severity <= 200), f"severity {severity:.0f}")


class Datadog(Severity):
    """`sample`, and the `status` that the pipeline found in it."""
    about = "samples of Datadog's integrations"

    def read(self, folder):
        for path in paths(folder, "datadog_extras/**/*_tests.yaml"):
            tests = (plain_yaml.load(read(path).decode()) or {}).get("tests") or []
            for number, test in enumerate(tests, 1):
                result = test.get("result")
                status = result.get("status") if isinstance(result, dict) else None
                if status:
                    grave = status in ("critical", "alert", "emergency")
                    quiet = status in ("info", "debug", "ok", "notice", "trace")
                    yield Log.of_one_record(
                        f"{name(path)} {number}", str(test.get("sample", "")).encode(), self.expect(grave, quiet),
                        str(status))


class Lnav(Severity):
    """`sample[].line` and `level` of the formats."""
    about = "samples of lnav's formats"

    def read(self, folder):
        for path in paths(folder, "lnav/src/formats/*.json"):
            for form in json.loads(read(path)).values():
                samples = form.get("sample", []) if isinstance(form, dict) else []
                for number, sample in enumerate(samples, 1):
                    level = sample.get("level", "")
                    if level:
                        quiet = level.startswith(("info", "debug", "trace", "stats"))
                        yield Log.of_one_record(
                            f"{name(path)} {number}", sample["line"].encode(),
                            self.expect(level in ("critical", "fatal"), quiet), level)
