"""`install` in a process of its own that kills itself: a script, run by tests and by the soak.

    killed_install.py LOCK PREFIX ARCHIVES LINE [PYTHON]

Before the line of that number, counted over all lines of ours that take part in building a prefix, the process
gets SIGKILL. For 0 it does not, and says how many there are. With PYTHON it makes a venv.
"""

import os
import signal
import sys
from pathlib import Path

import solver.core.exchange
import solver.core.scratch
import solver.lock.install.pip
import solver.lock.install.prefix

BUILDERS = (solver.core.exchange, solver.core.scratch, solver.lock.install.pip, solver.lock.install.prefix)
FILES = {module.__file__ for module in BUILDERS}


class Countdown:
    """Counts lines while it traces, and kills at one of them."""

    def __init__(self, last):
        self.last, self.passed = last, 0

    def __call__(self, frame, event, _):
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            self.passed += 1
            if self.passed == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def main(lock, prefix, archives, line, *python):
    countdown = Countdown(int(line))
    interpreter = Path(python[0]) if python else None
    sys.settrace(countdown)
    solver.lock.install.prefix.install_lock(Path(lock), Path(prefix), folder=Path(archives), python=interpreter)
    sys.settrace(None)
    print(countdown.passed)


if __name__ == "__main__":
    main(*sys.argv[1:])
