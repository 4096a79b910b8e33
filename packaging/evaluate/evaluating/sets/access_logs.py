"""Access logs (of lnav's tests): what clients ask for is no fault of the host."""

from ..logs import Log, name, paths, read
from .subset import Subset, at_most


class AccessLogs(Subset):
    about = "access logs"

    def read(self, folder):
        for path in paths(folder, "lnav/test/logfile_*access_log*"):
            lines = [line for line in read(path).split(b"\n") if line.strip()]
            yield Log.of_lines(name(path), ((line, (False, "a request")) for line in lines))

    def targets(self, count):
        return [at_most(count, 1)]
