"""`install` in a process of its own that kills itself: a script, run by tests and by the soak.

    killed_install.py LOCK PREFIX ARCHIVES LINE [PYTHON]

Before the line of that number, counted over all lines of ours that take part in building a prefix, the process
gets SIGKILL. For 0 it does not, and says how many there are. With PYTHON it makes a venv.
"""

import os
import signal
import sys
from pathlib import Path

from line_trace import LineTrace

import solver.core.exchange
import solver.core.scratch
import solver.lock.install.pip
import solver.lock.install.prefix

BUILDERS = (solver.core.exchange, solver.core.scratch, solver.lock.install.pip, solver.lock.install.prefix)


def main(lock, prefix, archives, line, *python):
    trace = LineTrace(BUILDERS, int(line), lambda: os.kill(os.getpid(), signal.SIGKILL))
    interpreter = Path(python[0]) if python else None
    with trace.on():
        solver.lock.install.prefix.install_lock(Path(lock), Path(prefix), folder=Path(archives), python=interpreter)
    print(trace.passed)


if __name__ == "__main__":
    main(*sys.argv[1:])
