"""resolvelib's view of a ``Space``: the search itself knows neither rows nor indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver

from solver.errors import InterlockError
from solver.solve.space import Ask, Candidate, Space, positions

MAX_ROUNDS = 50_000


class Provider(AbstractProvider[Ask, Candidate, str]):
    """Hands resolvelib the candidates of a space in order of preference.

    ``ranks`` says which identifiers are decided first (lower first; others follow,
    guards last). Identifiers that ``forbids`` names have no candidate. Where ``active`` is
    given, only asks that pass it count: the relaxed problems of the explanation.
    """

    def __init__(
        self,
        space: Space,
        ranks: Mapping[str, int],
        forbids: Callable[[str], bool] | None = None,
        active: Mapping[str, frozenset[str] | None] | None = None,
    ) -> None:
        self._space, self._ranks, self._forbids, self._active = space, ranks, forbids, active

    def identify(self, requirement_or_candidate: Ask | Candidate) -> str:
        """Both kinds carry their identifier."""
        return requirement_or_candidate.ident

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> tuple[int, bool, str]:
        """Axes in the order of the preference, then exact pins, then names; guards last."""
        rank = self._ranks.get(identifier)
        if rank is None:
            rank = len(self._ranks) + identifier.startswith("?")
        exact = any(not (mask := i.requirement.mask) & (mask - 1) for i in information[identifier])
        return rank, not exact, identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Ask]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> list[Candidate]:
        """The candidates that every ask admits, most preferred first."""
        if self._forbids is not None and self._forbids(identifier):
            return []
        mask = reduce(and_, (ask.mask for ask in requirements[identifier]))
        for bad in incompatibilities[identifier]:
            mask &= ~(1 << bad.position)
        known = self._space.candidates(identifier)
        return [known[position] for position in positions(mask)]

    def is_satisfied_by(self, requirement: Ask, candidate: Candidate) -> bool:
        """Whether the candidate's bit is set."""
        return bool(requirement.mask >> candidate.position & 1)

    def get_dependencies(self, candidate: Candidate) -> Iterable[Ask]:
        """What the candidate asks, as far as the problem is not relaxed."""
        if self._active is None:
            return self._space.asks(candidate)
        if candidate.ident not in self._active:
            return ()
        targets = self._active[candidate.ident]
        asks = self._space.asks(candidate)
        return asks if targets is None else tuple(ask for ask in asks if ask.ident in targets)


def search(
    space: Space,
    asks: Iterable[Ask],
    ranks: Mapping[str, int],
    *,
    forbids: Callable[[str], bool] | None = None,
    active: Mapping[str, frozenset[str] | None] | None = None,
) -> dict[str, Candidate] | None:
    """A set of candidates that meets ``asks`` and all that they pull in; None where there is none.

    Raises ``InterlockError`` where the search gave up: that is a bug of ours, never an answer.
    """
    resolver: Any = Resolver(Provider(space, ranks, forbids, active), BaseReporter())
    try:
        result = resolver.resolve(list(asks), max_rounds=MAX_ROUNDS)
    except ResolutionImpossible:
        return None
    except ResolutionTooDeep as error:
        raise InterlockError(f"the search gave up after {MAX_ROUNDS} rounds; please report this request") from error
    return dict(result.mapping)
