"""The preferred solution, and the proof that it is: lexicographic over a fixed order.

resolvelib finds *a* solution, newest first; its backjumps may pass over a better one.
So every place where the found solution is not at its best is asked about again: "all
that was decided before, and this one newer?". A no is a proof, a yes is the better
solution to go on with. What cannot be bettered is fixed before the next is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from solver.solve.propagate import Narrowing
from solver.solve.provider import search
from solver.solve.space import Ask, Candidate, Space, is_package

Chosen = dict[str, Candidate]
Grade = Callable[[Candidate], object]
"""Candidates of equal grade are equally preferred (torch builds of one version)."""


class Optimiser:
    """Finds the best solution of ``asks`` under ``axes`` first, then package by package.

    ``axes`` are identifiers in order of preference; packages follow in the order of their
    names. Of each, not being needed is better than being there, and newer than older.
    """

    def __init__(
        self, space: Space, asks: Sequence[Ask], axes: Sequence[str], grade: Mapping[str, Grade] | None = None
    ) -> None:
        self._space, self._axes, self._grade = space, tuple(axes), grade or {}
        self._ranks = {ident: rank for rank, ident in enumerate(axes)}
        self._asks = list(asks)
        self._settled: set[str] = set()
        self._absent: set[str] = set()
        self._bound = ""
        self._narrowing = Narrowing(space)
        self.queries = 0

    def best(self) -> Chosen | None:
        """The one preferred solution; None where there is none."""
        if not self._narrowing.add(self._asks):
            return None
        found = self._search(())
        if found is None:
            return None
        for ident in self._axes:
            found = self._settle(ident, found)
        for ident in self._axes:
            # A torch of one version may still be one of several builds.
            found = self._settle_exactly(ident, found)
        while names := sorted(n for n in found if is_package(n) and n not in self._settled):
            self._bound = names[0]
            found = self._settle_exactly(names[0], self._settle(names[0], found))
        return found

    def _forbids(self, ident: str) -> bool:
        if ident in self._absent:
            return True
        passed = is_package(ident) and ident < self._bound
        return passed and ident not in self._settled

    def _search(self, more: Sequence[Ask], without: str | None = None) -> Chosen | None:
        self.queries += 1

        def forbids(ident: str) -> bool:
            return ident == without or self._forbids(ident)

        return search(self._space, more, self._ranks, forbids=forbids, narrowing=self._narrowing)

    def _settle(self, ident: str, found: Chosen) -> Chosen:
        """Make ``ident`` as good as it can be by its grade, then fix it."""
        self._settled.add(ident)
        if ident in found and ident not in self._narrowing.allowed:
            found = self._search((), without=ident) or found
        if ident not in found:
            self._absent.add(ident)
            return found
        return self._improve(ident, found, self._grade.get(ident, _position))

    def _settle_exactly(self, ident: str, found: Chosen) -> Chosen:
        return self._improve(ident, found, _position) if ident in found and ident in self._grade else found

    def _improve(self, ident: str, found: Chosen, grade: Grade) -> Chosen:
        candidates = self._space.candidates(ident)
        while True:
            mine = grade(found[ident])
            better = 0
            for candidate in candidates:
                if grade(candidate) == mine:
                    break
                better |= 1 << candidate.position
            better &= self._narrowing.allowed.get(ident, -1)
            improved = self._search([Ask(ident, better, "newer", "the preference")]) if better else None
            if improved is None:
                break
            found = improved
        equal = sum(1 << c.position for c in candidates if grade(c) == mine)
        self._narrowing.add([Ask(ident, equal, "settled", "the preference")])
        return found


def _position(candidate: Candidate) -> object:
    return candidate.position
