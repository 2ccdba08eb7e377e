"""The search for what pip would install, by the library that pip itself uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from solver.audit.resolve.choices import Choices
from solver.audit.resolve.terms import Ident, ListAsk, Pick, exclude_each_other
from solver.core.model import PypiName

MOST_ROUNDS = 1000
"""Open lines of one list, of which each choice looks at all: a longer one would take minutes."""
_MOST_SEARCHES = 10
"""Each search ends with one contradiction more, or with none; what comes after so many is hardly read."""


_MOST_STEPS = 600
"""Choices of all searches of a list beyond its own lines; what takes more is seldom found."""


class _Budget(BaseReporter[ListAsk, Pick, Ident]):
    """Ends the searches of one list together."""

    def __init__(self, left: int) -> None:
        self.left = left

    def starting_round(self, index: int) -> None:
        """Called by resolvelib."""
        self.left -= 1
        if self.left < 0:
            raise ResolutionTooDeep(index)


@dataclass(frozen=True)
class Contradiction:
    """Asks about one package that no version was found for."""

    name: PypiName
    asks: tuple[ListAsk, ...]
    certain: bool
    """Whether no version at all can meet them, whatever nobody recorded; otherwise only the record has none."""
    left_open: frozenset[PypiName]
    """The packages of which no version is chosen, so that all else can be."""


@dataclass(frozen=True)
class Resolved:
    """What pip would install."""

    choices: Mapping[Ident, Pick]
    contradictions: tuple[Contradiction, ...]
    given_up: bool = False
    """Whether the search had no end, so that nothing beyond the list itself is known."""


def resolve(choices: Choices) -> Resolved:
    """The newest choices that go together; of what contradicts itself no version is chosen, and all else is."""
    contradictions = list(_plain_contradictions(choices))
    stated, asks = _stated(choices)
    contradictions += _against_stated(choices, asks)
    if len({ask.ident for ask in asks}) > MOST_ROUNDS:
        return Resolved({}, tuple(contradictions), given_up=True)
    budget = _Budget(len(asks) + _MOST_STEPS)
    for _ in range(_MOST_SEARCHES):
        provider = _Provider(choices, frozenset().union(*(one.left_open for one in contradictions)))
        # Not ``Resolver``: that one walks the graph of what it tried recursively (resolvelib 1.2.1).
        resolution: Any = Resolution(provider, budget)
        try:
            state = resolution.resolve(asks, max_rounds=budget.left + 1)
        except ResolutionImpossible as error:
            causes = [cause.requirement for cause in error.causes]
            contradictions += _alike(choices, _behind(choices, causes) or _contradiction(choices, causes))
        except ResolutionTooDeep:
            break
        else:
            return Resolved(_reachable(choices, {**stated, **state.mapping}), tuple(contradictions))
    return Resolved({}, tuple(contradictions), given_up=True)


def _stated(choices: Choices) -> tuple[Mapping[Ident, Pick], list[ListAsk]]:
    """What the list states, and what it and these versions ask of all else: that alone is searched.

    A lock of a thousand pins leaves nothing to choose, and a search that decides one pin after the other looks at
    all of them each time.
    """
    stated: dict[Ident, Pick] = {}
    asks: dict[ListAsk, None] = {}
    waiting = choices.roots()
    for ask in waiting:  # grows while it is walked
        choice = stated.get(ask.ident) or (
            next(choices.of(ask.ident, [ask]), None) if ask.name in choices.stated else None
        )
        if choice is None:
            asks[ask] = None
        elif ask.ident not in stated:
            stated[ask.ident] = choice
            waiting += choices.asks(choice)
    return stated, list(asks)


def _against_stated(choices: Choices, asks: Iterable[ListAsk]) -> Iterator[Contradiction]:
    """Open packages of which every choice asks for another version of what the list states.

    The search would come upon each only after whatever else it may choose.
    """
    by_ident: dict[Ident, list[ListAsk]] = {}
    for ask in asks:
        by_ident.setdefault(ask.ident, []).append(ask)
    for ident, several in by_ident.items():
        refused: list[ListAsk] = []
        for choice in choices.of(ident, several):
            refusing = next((ask for ask in choices.asks(choice) if _is_stated_otherwise(choices, ask)), None)
            if refusing is None:
                refused.clear()
                break
            refused.append(refusing)
        if refused:
            yield _contradiction(choices, refused)


def _is_stated_otherwise(choices: Choices, ask: ListAsk) -> bool:
    return ask.name in choices.stated and next(choices.of(ask.ident, [ask]), None) is None


def _plain_contradictions(choices: Choices) -> Iterator[Contradiction]:
    """What the list and the versions that it states ask for in any case, and no version can meet."""
    asks: dict[PypiName, dict[ListAsk, None]] = {}
    for ask in choices.roots():
        asks.setdefault(ask.name, {})[ask] = None
        for choice in choices.of(ask.ident, [ask]) if ask.name in choices.stated else ():
            for further in choices.asks(choice):
                if further.name != ask.name:
                    asks.setdefault(further.name, {})[further] = None
    for name, every in asks.items():
        every |= dict.fromkeys(choices.constraints(name))
        # A version that the list states is held against its askers one by one, by the code ``metadata``.
        about = [ask for ask in every if not ask.extra and (ask.asker is None or name not in choices.stated)]
        if exclude_each_other(about):
            yield Contradiction(name, _fewest(about), certain=True, left_open=frozenset({name} - {*choices.stated}))


def _fewest(asks: Sequence[ListAsk]) -> tuple[ListAsk, ...]:
    """As few of ``asks`` as exclude each other."""
    left = list(asks)
    for ask in asks:
        without = [one for one in left if one is not ask]
        if exclude_each_other(without):
            left = without
    return tuple(left)


def _contradiction(choices: Choices, asks: Sequence[ListAsk]) -> Contradiction:
    """What the search failed with; the asks of what the list does not state need not be made."""
    # The search is not asked for what the list states, which is in the way all the same.
    named = {ask.name for ask in asks} & choices.stated.keys()
    asks = [*(ask for ask in choices.roots() if ask.name in named), *asks]
    by_name: dict[PypiName, list[ListAsk]] = {}
    askers_of: set[tuple[PypiName, PypiName | None]] = set()
    for ask in asks:
        several = by_name.setdefault(ask.name, choices.constraints(ask.name)[:])
        # Of one asker many versions were tried, each with a wish of its own; one of them tells the story.
        asker = (ask.name, None if ask.asker is None else ask.asker.name)
        if asker not in askers_of or ask.asker is None:
            askers_of.add(asker)
            several.append(ask)
    # Where no two wishes exclude each other it is the versions that are there; the last name tried is where it ended.
    plain = [name for name, about in by_name.items() if exclude_each_other(about)]
    name = (plain or list(by_name))[-1]
    about = _fewest(by_name[name]) if plain else tuple(dict.fromkeys(by_name[name]))
    askers = {ask.asker.name for ask in asks if ask.asker is not None}
    chosen = {ask.asker.name for ask in about if ask.asker is not None and not ask.asker.stated}
    certain = all(map(choices.context.index.complete, chosen if plain else {*chosen, name}))
    # A version that the list states stays; then it is those who ask for another that have none to be chosen.
    left_open = {name} - {*choices.stated} or askers - {*choices.stated}
    return Contradiction(name, about, certain, frozenset(left_open))


def _behind(choices: Choices, asks: Sequence[ListAsk]) -> Contradiction | None:
    """Why no version goes together with its own extra: what the extra of the newest asks for, against another line.

    None where the search failed with something else, or no one line is in the way.
    """
    # Then each version was tried with its extra and failed on that one's asks, so that the search names nobody else.
    names = {ask.name for ask in asks}
    extras = [ask.asker for ask in asks if ask.asker is not None and ask.asker.name in names and ask.asker.extra]
    if len(names) > 1 or len(extras) < len([ask for ask in asks if ask.asker is not None]):
        return None
    for newest in extras[:1]:
        mine = {ask.name: ask for ask in choices.asks(newest) if ask.name != newest.name}
        for root in choices.roots():
            other = next(choices.of(root.ident, [root]), None) if root.name not in names else None
            for ask in choices.asks(other) if other is not None else ():
                if ask.name in mine and exclude_each_other([ask, mine[ask.name]]):
                    return Contradiction(
                        ask.name, (ask, mine[ask.name]), certain=False, left_open=frozenset({ask.name})
                    )
    return None


def _alike(choices: Choices, one: Contradiction) -> list[Contradiction]:
    """A contradiction of two choices, and all others of the same two: they differ in a dozen libraries at once."""
    askers = [ask.asker for ask in one.asks]
    if len(askers) != 2 or None in askers or one.left_open != {one.name}:
        return [one]
    first, second = ({ask.name: ask for ask in choices.asks(asker)} for asker in askers if asker is not None)
    others = (
        Contradiction(name, (first[name], second[name]), one.certain, frozenset({name}))
        for name in first
        if name in second and name != one.name and name not in choices.stated
        if exclude_each_other([first[name], second[name]])
    )
    return [one, *others]


class _Provider(AbstractProvider[ListAsk, Pick, Ident]):
    """Hands resolvelib the choices; of what is ``left_open`` there is one that nobody knows."""

    def __init__(self, choices: Choices, left_open: frozenset[PypiName]) -> None:
        self._choices, self._left_open = choices, left_open

    def identify(self, requirement_or_candidate: ListAsk | Pick) -> Ident:
        """Both kinds carry it."""
        return requirement_or_candidate.ident

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Ident],
        resolutions: Mapping[Ident, Pick],
        candidates: Mapping[Ident, Iterator[Pick]],
        information: Mapping[Ident, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> Iterable[Ident]:
        """What the list states comes first in any case, so that of a long list nothing else need be compared."""
        every = list(identifiers)
        return [one for one in every if one[0] in self._choices.stated] or every

    def get_preference(
        self,
        identifier: Ident,
        resolutions: Mapping[Ident, Pick],
        candidates: Mapping[Ident, Iterator[Pick]],
        information: Mapping[Ident, Iterator[Any]],
        backtrack_causes: Sequence[Any],
    ) -> tuple[bool, bool, bool, bool, Ident]:
        """What the list states, then what was in the way, what is asked for exactly, what the list names, the rest."""
        asks = [one.requirement for one in information[identifier]]
        exact = any(ask.exact is not None for ask in asks)
        named = any(ask.asker is None for ask in asks)
        # As with pip: what the search failed with is decided first, or it tries everything else before it gets there.
        causes = {cause.requirement.name for cause in backtrack_causes}
        causes |= {cause.parent.name for cause in backtrack_causes if cause.parent is not None}
        stated, innocent = identifier[0] in self._choices.stated, identifier[0] not in causes
        return not stated, innocent, not exact, not named, identifier

    def find_matches(
        self,
        identifier: Ident,
        requirements: Mapping[Ident, Iterator[ListAsk]],
        incompatibilities: Mapping[Ident, Iterator[Pick]],
    ) -> Sequence[Pick] | Callable[[], Iterable[Pick]]:
        """The choices that every ask admits, newest first, as far as the search looks at them."""
        asks, bad = list(requirements[identifier]), set(incompatibilities[identifier])
        if identifier[0] in self._left_open:
            unknown = self._choices.unknown(*identifier)
            return [] if unknown in bad else [unknown]

        def matches() -> Iterable[Pick]:
            return (choice for choice in self._choices.of(identifier, asks) if choice not in bad)

        return matches

    def is_satisfied_by(self, requirement: ListAsk, candidate: Pick) -> bool:
        """Whether the ask admits it."""
        return requirement.admits(candidate)

    def get_dependencies(self, candidate: Pick) -> Iterable[ListAsk]:
        """What it asks for."""
        return self._choices.asks(candidate)


def _reachable(choices: Choices, chosen: Mapping[Ident, Pick]) -> Mapping[Ident, Pick]:
    """The choices that the list still needs; the search leaves behind some that it no longer does."""
    reachable: dict[Ident, Pick] = {}
    waiting = [ask.ident for ask in choices.roots()]
    while waiting:
        ident = waiting.pop(0)
        if ident not in reachable and ident in chosen:
            reachable[ident] = chosen[ident]
            waiting += [ask.ident for ask in choices.asks(chosen[ident])]
    return reachable
