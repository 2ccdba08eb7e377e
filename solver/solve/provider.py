"""resolvelib's view of a ``Space``: the search itself knows neither rows nor indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from solver.solve.exhaust import TooManyBranches, exhaust
from solver.solve.propagate import Narrowing
from solver.solve.space.terms import Ask, Candidate, Space, is_way, positions

SOON, PATIENCE = 300, 2_000
"""Rounds after which resolvelib is left: what it finds at all it finds in some hundred. Between the two it is looked
whether there is anything to find."""
_EASY = 100
"""Branches within which halving ends for most problems."""
_PLAIN = 1_000
"""Branches by which a problem that is impossible for a plain reason is proven to be so."""


@dataclass(frozen=True)
class Impatient(BaseReporter[Ask, Candidate, str]):
    """Ends a search that runs in circles."""

    patience: int

    def starting_round(self, index: int) -> None:
        """Called by resolvelib."""
        if index >= self.patience:
            raise ResolutionTooDeep(index)


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

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> list[str]:
        """The one that is decided next: in the order of the preference, then exact pins, then by name."""
        # All that waits is looked at each round; what an identifier is asked for only where its turn has come.
        turns = {ident: self._turn(ident) for ident in identifiers}
        first = min(turns.values())
        waiting = sorted(ident for ident, turn in turns.items() if turn == first)
        return [next((ident for ident in waiting if _is_exact(information[ident])), waiting[0])]

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Candidate],
        candidates: Mapping[str, Iterator[Candidate]],
        information: Mapping[str, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> int:
        """As little as its turn: the selection leaves one identifier."""
        return self._turn(identifier)

    def _turn(self, identifier: str) -> int:
        """Axes in the order of the preference, then packages; guards and rules last."""
        # The order is the preference's own, so that the first solution is near the preferred one and little is left
        # to ask about again. Guards and rules constrain what others bring and bring nothing themselves: decided
        # early, "absent" would be guessed and taken back for most of them.
        rank = self._ranks.get(identifier)
        if rank is None:
            rank = len(self._ranks) + (is_way(identifier) or identifier.startswith("?"))
        return rank

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Ask]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> list[Candidate]:
        """The candidates that every ask admits, most preferred first."""
        if self._forbids is not None and self._forbids(identifier):
            return []
        known = self._space.candidates(identifier)
        # No ask at all is possible: whoever asked may have been unpinned since.
        mask = reduce(and_, (ask.mask for ask in requirements[identifier]), (1 << len(known)) - 1)
        for bad in incompatibilities[identifier]:
            mask &= ~(1 << bad.position)
        return [known[position] for position in positions(mask)]

    def is_satisfied_by(self, requirement: Ask, candidate: Candidate) -> bool:
        """Whether the candidate's bit is set."""
        return bool(requirement.mask >> candidate.position & 1)

    def get_dependencies(self, candidate: Candidate) -> Iterable[Ask]:
        """What the candidate asks."""
        # The candidate also asks for itself: without that, resolvelib would unpin it in favour of a
        # later ask instead of counting the clash as one, and can run in circles.
        itself = Ask(candidate.ident, 1 << candidate.position, candidate.name, "chosen")
        return (itself, *self.asks(candidate))

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        """What the candidate asks of others, as far as the problem is not relaxed."""
        if self._active is None:
            return self._space.asks(candidate)
        if candidate.ident not in self._active:
            return ()
        targets = self._active[candidate.ident]
        asks = self._space.asks(candidate)
        return asks if targets is None else tuple(ask for ask in asks if ask.ident in targets)


def _is_exact(information: Iterator[Any]) -> bool:
    """Whether some ask leaves nothing to choose: deciding that costs nothing, and what it asks narrows the rest."""
    return any(not (mask := one.requirement.mask) & (mask - 1) for one in information)


def search(
    space: Space,
    asks: Iterable[Ask],
    ranks: Mapping[str, int],
    *,
    forbids: Callable[[str], bool] | None = None,
    active: Mapping[str, frozenset[str] | None] | None = None,
    narrowing: Narrowing | None = None,
    deciding: bool = False,
) -> dict[str, Candidate] | None:
    """A set of candidates that meets ``asks`` and all that they pull in; None where there is none.

    ``narrowing`` is what is known already to follow from earlier asks, which stay in force.
    ``deciding``: the set shall be near the preferred one, which resolvelib takes care of; else any will do, and most
    problems are so small after propagation that halving them ends sooner.
    Raises ``InterlockError`` where both searches gave up: that is a bug of ours, never an answer.
    """
    provider = Provider(space, ranks, forbids, active)
    narrowing = narrowing.copy() if narrowing else Narrowing(space, provider.asks)
    if not narrowing.add(asks, forbids):
        return None
    if not deciding:
        with suppress(TooManyBranches):
            return exhaust(space, narrowing, forbids, branches=_EASY)
    needed = [Ask(ident, mask, "needed", "propagation") for ident, mask in sorted(narrowing.allowed.items())]
    pinned: Mapping[str, Candidate] | None = None
    try:
        pinned = _resolved(provider, needed, SOON)
    except ResolutionTooDeep:
        with suppress(TooManyBranches):
            if exhaust(space, narrowing, forbids, branches=_PLAIN) is None:
                return None
        with suppress(ResolutionTooDeep):
            pinned = _resolved(provider, needed, PATIENCE)
    return exhaust(space, narrowing, forbids) if pinned is None else _reachable(pinned, needed, provider.asks)


def _resolved(provider: Provider, needed: Sequence[Ask], patience: int) -> Mapping[str, Candidate] | None:
    """What resolvelib finds; raises ``ResolutionTooDeep`` after ``patience`` rounds."""
    # The resolution itself instead of ``Resolver``: the latter walks the graph of what it tried
    # recursively and never returns from a cycle that the root no longer reaches (resolvelib 1.2.1).
    resolution: Any = Resolution(provider, Impatient(patience))
    try:
        # Of the rounds that it is given, resolvelib spends a tenth on jumping far back, which finds most.
        return dict(resolution.resolve(needed, max_rounds=100 * PATIENCE).mapping)
    except ResolutionImpossible:
        return None


def _reachable(
    pinned: Mapping[str, Candidate], asks: Iterable[Ask], asks_of: Callable[[Candidate], Iterable[Ask]]
) -> dict[str, Candidate]:
    """The pins that the request still needs; the search leaves behind some that it no longer does."""
    reachable: dict[str, Candidate] = {}
    queue = [ask.ident for ask in asks]
    while queue:
        ident = queue.pop()
        if ident not in reachable:
            reachable[ident] = pinned[ident]
            queue += [ask.ident for ask in asks_of(pinned[ident])]
    return reachable
