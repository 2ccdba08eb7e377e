"""A limit on what a test may compute, so that what would go on for hours fails instead."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class TookTooLong(AssertionError):
    """The limit was reached."""


def _stop(*of: object) -> None:
    raise TookTooLong("it takes more than the seconds of computing that it may")


@contextmanager
def computing(seconds: float) -> Iterator[None]:
    """Fail what takes more than ``seconds`` of this process; how busy the machine is does not count."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
