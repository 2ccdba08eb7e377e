"""Every error of the project, drawn as one tree.

    InterlockError (5: a bug of ours unless a subclass says otherwise)
    ├── CheckFailed (1)       a check says no: audit, verify, doctor, lock --check
    ├── BadInput (2)          a file, key or option a person wrote
    ├── NoSolution (3)        no set of packages meets the request
    │   └── Unsolvable        the search's own, with its explanation
    │       └── Undecided (4) none in what was recorded, and what is asked for was not recorded
    └── IndexUnavailable (4)  an index or the network did not answer
        └── NotRecorded (4)   the snapshot does not hold what was asked, and nothing live may be asked

Each error holds its facts and writes its own sentence; the command line prints
``str(error)`` and exits with ``error.exit_code``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from solver.core import names

if TYPE_CHECKING:
    from solver.core.explanation import Explanation


class InterlockError(Exception):
    """Base of all errors; on its own it means a bug of ours."""

    exit_code = 5


class CheckFailed(InterlockError):
    """A check ran to its end and says no."""

    exit_code = 1


class BadInput(InterlockError):
    """Something a person wrote cannot be used.

    ``file``, ``line`` (1-based) and ``key`` say where, ``problem`` what was found
    and expected, ``fix`` what to do. Absent parts are left out of the sentence.
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.key, self.fix = problem, file, line, key, fix
        super().__init__(problem)

    def __str__(self) -> str:
        place = "" if self.file is None else names.one_line(str(self.file))
        if self.line is not None:
            place += f":{self.line}"
        parts = [part for part in (place, names.brief(self.key or "")) if part]
        sentence = ": ".join([*parts, self.problem])
        # What it quotes from a file may hold anything.
        return names.printable(f"{sentence}; {self.fix}" if self.fix else sentence)


class NoSolution(InterlockError):
    """No set of packages meets the request; ``solve.explain`` tells why."""

    exit_code = 3


class Unsolvable(NoSolution):
    """A search came to its end without a solution; ``explanation`` is a ``model.Explanation``."""

    def __init__(self, profile: str, explanation: Explanation) -> None:
        self.profile, self.explanation = profile, explanation
        super().__init__(profile)

    def __str__(self) -> str:
        lines = [f"{self._outcome()}, because"]
        lines += [f"  {cause.who}: {cause.asks}  [{cause.source}]" for cause in self.explanation.causes]
        if self.explanation.note:
            lines.append(f"  ({self.explanation.note})")
        for near in self.explanation.nearest:
            versions = ", ".join(f"{axis} {version}" for axis, version in near.solution.items() if version)
            short = "" if near.lockable else " (solvable, not lockable here)"
            lines.append(f"would work: {' and '.join(near.changes)} -> {versions}{short}")
        return "\n".join(lines)

    def _outcome(self) -> str:
        return f"{self.profile} has no solution"


class Undecided(Unsolvable):
    """No solution in what was recorded, but the request needs what only the record lacks: nobody asked the index."""

    exit_code = 4

    def _outcome(self) -> str:
        return f"it is not known whether {self.profile} has a solution"


class IndexUnavailable(InterlockError):
    """An index, a channel or the network did not answer as its protocol says."""

    exit_code = 4


class NotRecorded(IndexUnavailable):
    """The snapshot does not hold ``name`` and nothing live may be asked."""

    def __init__(self, name: str, what: str = "no release of it") -> None:
        self.name, self.what = name, f"the snapshot holds {what}"
        super().__init__(
            f"the snapshot holds {what}: {name}; run the command with --live to ask the index, "
            "or `interlock refresh` to record it"
        )
