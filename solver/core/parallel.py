"""The same work on several things at once, by as many copies of this process as there are processors."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_FEWEST = 4
"""Of fewer things, copies would cost more than they save: each looks up alone what one process looks up once."""
_work: list[tuple[Callable[[object], object], Sequence[object]]] = []
"""What the copies do, and on what: they have it from this process, so that nothing of it is sent."""


def in_parallel(work: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """What ``work`` makes of each of ``things``, in their order; the results must be values that can be sent."""
    copies = min(len(things), len(os.sched_getaffinity(0))) if sys.platform == "linux" else 1
    # A copy has this thread alone: what another one was doing, in python or in a library, it would wait for for ever.
    if len(things) < _FEWEST or copies == 1 or sum(1 for _ in _THREADS.iterdir()) > 1:
        return [work(thing) for thing in things]
    _work.append((work, things))  # type: ignore[arg-type]  # of one call, whose types agree
    try:
        with ProcessPoolExecutor(copies, multiprocessing.get_context("fork")) as pool:
            return list(pool.map(_do, range(len(things))))  # type: ignore[arg-type]
    finally:
        _work.pop()


_THREADS = Path("/proc/self/task")
"""A folder with an entry for each thread of this process, those of libraries too."""


def _do(at: int) -> object:
    work, things = _work[-1]
    return work(things[at])
