"""Failed logins of some 95 services (fail2ban's tests): each line behind one that begins with `# failJSON:`. Security
noise: none of it is a critical error.
"""

from ..logs import Log, name, paths, read
from .subset import Subset, at_most


class Fail2ban(Subset):
    about = "failed logins"

    def read(self, folder):
        for path in paths(folder, "fail2ban/logs/**/*") + paths(folder, "fail2ban/*.log"):
            lines = [line for line in read(path).split(b"\n") if line.strip() and not line.startswith(b"#")]
            yield Log.of_lines(name(path), ((line, (False, "a failed login")) for line in lines))

    def targets(self, count):
        return [at_most(count, 1)]
