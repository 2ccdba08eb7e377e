"""The preferred solution, and the proof that it is: one decision after the other, in a fixed order.

resolvelib finds *a* solution, newest first; its backjumps may pass over a better one.
So every place where the found solution is not at its best is asked about again: "all
that was decided before, and this one newer?". A no is a proof, a yes is the better
solution to go on with. What cannot be bettered is fixed before the next is looked at.

The preference: the axes that every solution holds are decided first, in their order. Then
the turn is always with one that is asked for: by the request, or by anything that was
decided, be it an axis that is there for the sake of a package whose own turn has not come.
Of all those, an axis goes before a package, and packages go by name. So nothing is taken old
to spare the set a package that its newer version needs, and nothing that is needed goes
undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from solver.solve.propagate import Narrowing
from solver.solve.provider import search
from solver.solve.space.terms import Ask, Candidate, Space, is_package, is_way

Chosen = dict[str, Candidate]
Grade = Callable[[Candidate], object]
"""Candidates of equal grade are equally preferred (torch builds of one version)."""


class Optimiser:
    """Finds the best solution of ``asks`` under ``axes`` first, then package by package.

    ``axes`` are identifiers in order of preference. One that not every solution holds waits
    until something that was decided asks for it. ``stays`` is the version by identifier that goes
    before every other, newer ones too.
    """

    def __init__(
        self,
        space: Space,
        asks: Sequence[Ask],
        axes: Sequence[str],
        grade: Mapping[str, Grade] | None = None,
        stays: Mapping[str, str] | None = None,
    ) -> None:
        self._space, self._axes, self._grade, self._stays = space, tuple(axes), grade or {}, stays or {}
        self._ranks = {ident: rank for rank, ident in enumerate(axes)}
        self._asks = list(asks)
        self._decided: set[str] = set()
        self._narrowing = Narrowing(space)

    def best(self) -> Chosen | None:
        """The one preferred solution; None where there is none."""
        if not self._narrowing.add(self._asks):
            return None
        solution = self._search((), deciding=True)
        if solution is None:
            return None
        for ident in self._axes:
            if self._always(ident, solution):
                solution = self._decide(ident, solution, self._grade.get(ident, _position))
        for ident in self._axes:
            # A torch of one version may still be one of several builds.
            if ident in self._grade and ident in self._decided:
                solution = self._decide(ident, solution, _position)
        while (waiting := min(self._open(solution), key=self._turn, default=None)) is not None:
            solution = self._decide(waiting, solution, _position)
        return solution

    def _search(self, more: Sequence[Ask], without: str | None = None, *, deciding: bool = False) -> Chosen | None:
        forbids = None if without is None else without.__eq__
        return search(self._space, more, self._ranks, forbids=forbids, narrowing=self._narrowing, deciding=deciding)

    def _always(self, ident: str, solution: Chosen) -> bool:
        """Whether every solution holds ``ident``."""
        # Two ways to know: propagation has proven it, which costs nothing, or there is no solution without it.
        # An axis that some solution lacks waits, or it would be made newest at the price of what brings it in.
        return ident in solution and (ident in self._narrowing.allowed or self._search((), without=ident) is None)

    def _open(self, solution: Chosen) -> Iterator[str]:
        """What the request or anything decided asks for and what is not decided itself.

        All that was decided counts, not only what decided packages lead to from the request: it is in
        every solution that is left, so what it asks for is too, whoever will be found to need it.
        """
        queue, seen = [*(ask.ident for ask in self._asks), *sorted(self._decided)], set()
        while queue:
            ident = queue.pop()
            if ident in seen:
                continue
            seen.add(ident)
            base = ident.partition("[")[0]
            if base in self._decided:
                queue += [ask.ident for ask in self._space.asks(solution[ident])]
            elif is_package(base) or base in self._ranks or is_way(base):
                yield base

    def _turn(self, ident: str) -> tuple[int, str]:
        # How a rule is kept is decided when nothing else waits: no package is taken old for that.
        return self._ranks.get(ident, len(self._ranks) + is_way(ident)), ident

    def _decide(self, ident: str, solution: Chosen, grade: Grade) -> Chosen:
        """Make ``ident`` as good as it can be, and fix it."""
        self._decided.add(ident)
        stays = self._stays.get(ident)
        candidates = sorted(self._space.candidates(ident), key=lambda one: one.version != stays)
        # "Anything better?" and not one candidate after the other: a no settles all of them with one proof, and a
        # yes is often far better than the next.
        while True:
            mine = grade(solution[ident])
            better = 0
            for candidate in candidates:
                if grade(candidate) == mine:
                    break
                better |= 1 << candidate.position
            better &= self._narrowing.allowed.get(ident, -1)
            improved = self._search([Ask(ident, better, "newer", "the preference")]) if better else None
            if improved is None:
                break
            solution = improved
        # Fixed as a grade, not as a candidate: which build of one torch it is, is decided after python and CUDA are.
        equal = sum(1 << c.position for c in candidates if grade(c) == mine)
        self._narrowing.add([Ask(ident, equal, "settled", "the preference")])
        return solution


def _position(candidate: Candidate) -> object:
    return candidate.position
