"""A piece of work that a signal ends before any one line of the modules that write."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

from line_trace import LineTrace

from solver.cli.failures import ended_in_order, failure_of

EXPECTED = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 143, signal.SIGINT: 130}
"""The ways to end it, and how a command ends then."""


def ended_before(line: int, how: signal.Signals, modules: tuple[ModuleType, ...], work: Callable[[], object]) -> int:
    """Do ``work`` in a process that gets ``how`` before the line of that number; 0 where it passes fewer lines.

    Otherwise the exit code of a command that does that work, or the negative number of the signal.
    """
    pid = os.fork()
    if not pid:
        os._exit(_code(LineTrace(modules, line, lambda: os.kill(os.getpid(), how)), work))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, EXPECTED[how]), f"exit {code} of {how.name} before line {line}"
    return code


def _code(trace: LineTrace, work: Callable[[], object]) -> int:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with ended_in_order(), trace.on():
            work()
    except BaseException as error:
        failure = failure_of(error)
        print(failure.sentence, file=sys.stderr)
        return failure.code
    return 0


def each_end(
    modules: tuple[ModuleType, ...], begin: Callable[[], Callable[[], object]], *, step: int = 1
) -> Iterator[str]:
    """Yields after each way to end the work that ``begin`` prepares, with what was done; every ``step``-th line."""
    for how in EXPECTED:
        line = 1
        while ended_before(line, how, modules, begin()):
            yield f"{how.name} before line {line}"
            line += step
        assert line > 5 * step, "too few lines to be that work"
