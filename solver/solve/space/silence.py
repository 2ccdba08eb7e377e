"""Releases that say nothing of what they need, while every later one does: what they need is not known.

A build that read no configuration is called 0.0.0 and asks for nothing, and the first releases of a project may be from
before it wrote down what it asks for. With everything newer ruled out such a release would always be what is left.
"""

from __future__ import annotations

from itertools import takewhile

from solver.core.answer import NotKnown
from solver.core.model import Release
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Candidate

WHY = "it says nothing of what it needs, and later releases do"
_MANY = 8
"""Later releases, of which one or two that begin to ask for something tell little of those before."""


def is_silent(choices: Candidates, candidate: Candidate) -> bool:
    """Whether neither the release nor an older one says anything of what it needs, while the next one does."""
    scope = choices.scope
    if candidate.position < _MANY or scope.doubtful or candidate.ident in scope.pinned:
        return False
    if not _says_nothing(choices, candidate.release):
        return False
    known = choices.candidates(candidate.ident)
    newer = list(takewhile(lambda one: _says_nothing(choices, one.release), reversed(known[: candidate.position])))
    older = known[candidate.position + 1 :]
    later = candidate.position - len(newer) - 1
    return later >= 0 and all(_says_nothing(choices, one.release) for one in older) and _asks(choices, known[later])


def _says_nothing(choices: Candidates, release: Release | None) -> bool:
    return release is not None and not release.requires_python and choices.requires(release) == ()


def _asks(choices: Candidates, candidate: Candidate) -> bool:
    requires = () if candidate.release is None else choices.requires(candidate.release)
    return not isinstance(requires, NotKnown) and bool(requires)
