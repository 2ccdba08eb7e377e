"""A piece of work that a signal ends before any one line of the modules that write."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType

from solver.cli.failures import Terminated, ended_in_order

ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def ended_before(line: int, how: signal.Signals, modules: tuple[ModuleType, ...], work: Callable[[], object]) -> bool:
    """Do ``work`` in a process that gets ``how`` before the line of that number; False where it passes fewer lines."""
    pid = os.fork()
    if not pid:
        os._exit(_ended(line, how, {module.__file__ for module in modules}, work))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 1, -signal.SIGKILL), f"exit {code} before line {line}"
    return code != 0


def _ended(line: int, how: signal.Signals, files: set[str | None], work: Callable[[], object]) -> int:
    passed = 0

    def trace(frame, event, _):
        nonlocal passed
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            passed += 1
            if passed == line:
                sys.settrace(None)
                os.kill(os.getpid(), how)
        return trace

    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with ended_in_order():
            threading.settrace(trace)
            sys.settrace(trace)
            work()
            sys.settrace(None)
    except (Terminated, KeyboardInterrupt):
        return 1
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        return 2
    return 0


def each_end(
    modules: tuple[ModuleType, ...], begin: Callable[[], Callable[[], object]], *, step: int = 1
) -> Iterator[str]:
    """Yields after each way to end the work that ``begin`` prepares, with what was done; every ``step``-th line."""
    for how in ENDS:
        line = 1
        while ended_before(line, how, modules, begin()):
            yield f"{how.name} before line {line}"
            line += step
        assert line > 5 * step, "too few lines to be that work"
