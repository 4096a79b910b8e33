"""Counts, and what is printed of them."""

from .scanning import EVERY


class Count:
    """Of the records of one set."""

    def __init__(self, logs):
        records = [record for log in logs for record in log.records]
        self.records = len(records)
        expected = [record for record in records if record.expect is True]
        self.expected = len(expected)
        self.found = sum(bool(record.told) for record in expected)
        self.missed = self.expected - self.found
        #: Expected ones that no single record tells with all of their lines.
        self.torn = sum(bool(record.told) and not record.is_whole(record.told) for record in expected)
        #: Expected ones that are one incident, and no more.
        self.single = sum(len(record.incidents) == 1 for record in expected)
        #: Expected ones told with all of their lines, as one incident.
        self.whole = sum(len(record.incidents) == 1 and record.is_whole(record.told) for record in expected)
        self.told = sum(bool(record.told) for record in records)
        quiet = [record for record in records if record.expect is False]
        self.quiet = len(quiet)
        self.alarms = sum(bool(record.told) for record in quiet)
        traces = [record for record in records if record.language]
        self.traces = len(traces)
        self.joined = sum(record.is_whole(record.hits) for record in traces)
        self.named = sum(any(hit.trace_language == record.language for hit in record.hits) for record in traces)

    @property
    def rate(self):
        """False alarms in a thousand records that must be quiet."""
        return 1000 * self.alarms / self.quiet if self.quiet else 0


def shown(log, record, hits):
    rules = ", ".join(sorted({f"{hit.rule} ({hit.severity})" for hit in hits if hit.rule != EVERY})) or "nothing"
    line = log.lines[(min((hit.line for hit in hits if hit.is_told), default=record.first)) - 1]
    return (f"    {log.name}:{record.first}  {record.label}; told by {rules}\n"
            f"        {line.decode(errors='replace').strip()[:180]}")


def show(name, subset, logs, verbose, seconds):
    count = Count(logs)
    parts = [f"{count.records} records"]
    if count.expected:
        parts.append(f"{count.expected} to be told, {count.found} found, {count.missed} missed, {count.torn} not whole, "
                     f"{count.found - count.single} more than one incident")
    elif not count.quiet and not count.traces:
        parts.append(f"{count.told} told, {count.records - count.told} not told")
    if count.quiet:
        parts.append(f"{count.alarms} false alarms of {count.quiet} ({count.rate:.1f} in 1,000)")
    if count.traces:
        parts.append(f"{count.traces} traces, {count.joined} one whole record, {count.named} with their language")
    print(f"{name} ({subset.about}): {'; '.join(parts)} [{seconds:.0f} s]")
    for note in subset.notes:
        print(f"  {note}")
    for log in logs:
        for record in log.records:
            why = reason(record, subset, verbose)
            if why:
                print(f"  {why}\n{shown(log, record, record.hits if record.expect is True else record.told)}")
    print()


def reason(record, subset, verbose):
    """Why a record is printed, or nothing."""
    if record.expect is True and not record.told:
        return "missed:"
    if record.expect is True and not record.is_whole(record.told):
        return "not one whole record:"
    if record.expect is True and len(record.incidents) > 1:
        return f"{len(record.incidents)} incidents ({', '.join(record.incidents)}):"
    if record.expect is False and record.told:
        return "false alarm:"
    if record.language and not record.is_whole(record.hits):
        return "torn:"
    if record.language and all(hit.trace_language != record.language for hit in record.hits):
        return f"not known to be {record.language}:"
    if record.expect is None and record.told and (verbose or subset.is_listed(record)):
        return "to be read:"
    return None
