"""Why a request has no solution, and what would work: the answer that is told where there is none."""

from __future__ import annotations

from collections.abc import Mapping

from solver.core.answer import Answer
from solver.core.model import Axis, Value


class Cause(Value, frozen=True, kw_only=True):
    """One line of an explanation: who asked for what, and what says so."""

    who: str
    asks: str
    source: str
    package: str | None = None
    """Name of the package or axis that asks or may not be chosen; None where the request or a channel speaks."""


class Nearest(Value, frozen=True, kw_only=True, omit_defaults=True):
    """A request near to an impossible one that does work."""

    changes: tuple[str, ...]
    """What to change, in the words of the request."""
    solution: Mapping[Axis, str | None]
    """The axes that come out."""
    lockable: bool = True
    """False where nobody read a hash or the requirements of a build in it."""


class Explanation(Value, frozen=True, kw_only=True):
    """Why a request has no solution, shortest true cause first, and what would work."""

    causes: tuple[Cause, ...]
    answer: Answer = Answer.NO
    """Whether it has a solution: NO, or NOT_KNOWN where the causes include what only the record lacks."""
    nearest: tuple[Nearest, ...] = ()
    note: str | None = None
    """A sentence on how it was searched; None: nothing is to be said of that."""
