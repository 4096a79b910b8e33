"""What a set is asked."""


class Subset:
    #: A few words for the line of figures.
    about = ""
    #: It makes its logs itself, and reads none.
    is_own = False

    def __init__(self):
        #: What was left out of it, and why: printed below its figures.
        self.notes = []

    def read(self, folder):
        """Its logs; none where the folder lacks them."""
        raise NotImplementedError

    def targets(self, count):
        """For each target: whether it is met, and its text with the figure."""
        return []

    def is_listed(self, record):
        """Whether a record without a label is shown when it is told."""
        return False


def all_told(count):
    return count.missed == 0, f"all to be told: {count.found} of {count.expected}"


def at_most(count, limit):
    """In a thousand; in a small set one alarm is no more than chance."""
    share = limit * count.quiet // 1000
    allowed = max(1, share)
    chance = "" if share else ": one alarm in a small set is chance"
    found = f"{count.alarms} of {count.quiet} ({count.rate:.1f}, {allowed} allowed{chance})"
    return count.alarms <= allowed, f"at most {limit} false alarms in 1,000: {found}"
