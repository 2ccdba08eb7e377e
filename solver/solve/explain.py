"""Why there is no solution: the shortest true story, told from a minimal unsatisfiable core.

The problem is relaxed until only the asks that matter are left: first the packages whose
asks count, then the request's own asks, then each package's asks. Every step keeps the
rest impossible, so what remains is true and nothing in it can be left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from solver.core.answer import Answer
from solver.core.axes import AXES
from solver.core.explanation import Cause
from solver.core.model import REQUEST
from solver.core.versions import as_specifier, within
from solver.solve.provider import search
from solver.solve.restrictions import Restriction, excluded_by, unmet_by_bringers
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import (
    Ask,
    Candidate,
    Exclusion,
    Kind,
    Space,
    axis_ident,
    base_of,
    is_way,
    named_by,
)

Active = dict[str, frozenset[str]]
"""Package -> the identifiers that its asks still count for."""


@dataclass(frozen=True, slots=True)
class Core:
    """A minimal unsatisfiable part of a problem."""

    asks: tuple[Ask, ...]
    active: Active


def find_core(space: Space, asks: Sequence[Ask], ranks: Mapping[str, int]) -> Core | None:
    """A core of ``asks``; None where they have a solution after all."""
    names = _impossible_names(space, asks, ranks)
    if names is None:
        return None

    def impossible(fewer: Sequence[Ask], active: Mapping[str, frozenset[str] | None]) -> bool:
        return search(space, fewer, ranks, active=active) is None

    # Deletion, least important first: what is dropped early can no longer be part of the story, so that of several
    # minimal cores the one about frameworks and axes is told, and not one about packages that nobody asked for.
    for name in sorted(names, key=lambda n: (-ranks.get(n, len(ranks)), n)):
        rest = {n: None for n in names if n != name}
        if impossible(asks, rest):
            names = set(rest)
    # The request's asks from the last to the first, as a person names the frameworks first.
    needed = list(asks)
    for ask in reversed(asks):
        fewer = [other for other in needed if other is not ask]
        if impossible(fewer, dict.fromkeys(names)):
            needed = fewer
    active = {name: _targets(space, name) for name in names}
    for name in sorted(names, key=lambda n: (ranks.get(n, len(ranks)), n)):
        active = _fewest_targets(name, active, lambda fewer: impossible(needed, fewer))
    return Core(tuple(needed), {name: targets for name, targets in active.items() if targets})


def _impossible_names(space: Space, asks: Sequence[Ask], ranks: Mapping[str, int]) -> set[str] | None:
    """Packages whose asks together make the problem impossible, found from the axes outward."""
    # The full problem is slow to prove impossible and most of it is innocent. So it starts relaxed to the request
    # alone, and takes in only the packages whose asks the solution of the relaxed problem breaks; those that merely
    # ask for something that is not there yet are taken in when nothing clashes.
    names: set[str] = set()
    while True:
        solution = search(space, asks, ranks, active=dict.fromkeys(names))
        if solution is None:
            return names
        clashing, open_ = set(), set()
        for ident, candidate in solution.items():
            if ident not in names:
                for ask in space.asks(candidate):
                    other = solution.get(ask.ident)
                    if not ask.mask or (other is not None and not ask.mask >> other.position & 1):
                        clashing.add(ident)
                    elif other is None:
                        open_.add(ident)
        if not clashing and not open_:
            return None
        names |= clashing or open_


def _targets(space: Space, name: str) -> frozenset[str]:
    return frozenset(ask.ident for candidate in space.candidates(name) for ask in space.asks(candidate))


def _fewest_targets(name: str, active: Active, impossible: Callable[[Active], bool]) -> Active:
    """Drop the asks of ``name`` that the conflict does not need, by halves and then one by one."""
    # A framework asks for dozens of packages and one of them is to blame: halves first (as delta debugging does)
    # take a handful of searches where one by one takes dozens.
    targets = sorted(active[name])
    size = max(1, len(targets) // 2)
    while size:
        position = 0
        while position < len(targets):
            rest = targets[:position] + targets[position + size :]
            if impossible({**active, name: frozenset(rest)}):
                targets = rest
            else:
                position += size
        size //= 2
    return {**active, name: frozenset(targets)}


@dataclass(frozen=True, slots=True)
class Telling:
    """A core in words."""

    causes: tuple[Cause, ...]
    """One line a cause: the request first, then who asks what of whom, then why others may not be chosen."""
    answer: Answer
    """NO; NOT_KNOWN where something that nobody read or recorded could be what is missing."""
    lacking: frozenset[str]
    """Packages of which only the record lacks what is asked for."""


def tell(core: Core, space: Space, choices: Candidates, request: Sequence[Ask]) -> Telling:
    """``core`` in words; ``choices`` knows what was left out of ``space``, and why.

    ``request`` is all that the request asks for: what it excludes is nothing that the record lacks.
    """
    lines = [Cause(who=REQUEST, asks=ask.text, source=ask.source) for ask in core.asks]
    unmet = list(core.asks)
    admitted = _admitted(core, space)
    for name in sorted(core.active, key=lambda n: (admitted[n] == -1, n)):
        lines += _asking(name, core.active[name], space, choices, admitted)
        unmet += [ask for ask in _asks(name, core.active[name], space, admitted) if not _left(ask)]
    restrictions = [Restriction.of(ask) for ask in request if ask.specifier]
    excluding = [excluded_by(ask, restrictions, space) for ask in unmet]
    lines += (
        Cause(who=REQUEST, asks=restriction.text, source=restriction.source)
        for restriction in dict.fromkeys(filter(None, excluding))
    )
    unmet = [ask for ask, restriction in zip(unmet, excluding, strict=True) if restriction is None]
    unmet += unmet_by_bringers(core.asks, _asks_by_name(core, space, admitted), choices)
    left_out = [_left_out(ask, choices) for ask in unmet]
    lines += (line for some in left_out for line in _reasons(some))
    unknown = any(exclusion.verdict.answer is Answer.NOT_KNOWN for some in left_out for exclusion in some)
    lacking = frozenset(base_of(exclusion.ident) for some in left_out for exclusion in some if exclusion.remedy)
    return Telling(tuple(dict.fromkeys(lines)), Answer.NOT_KNOWN if unknown else Answer.NO, lacking)


def _admitted(core: Core, space: Space) -> Mapping[str, int]:
    """The versions of each package that a story is about: those that the request, and whatever it asks for, admit."""
    admitted: dict[str, int] = defaultdict(lambda: -1)
    for ask in core.asks:
        admitted[ask.ident] &= ask.mask
    reached, waiting = set(admitted), sorted(set(admitted) & set(core.active))
    while waiting:
        name = waiting.pop(0)
        for ident, mask in _common_asks(name, core.active[name], space, admitted).items():
            if admitted[ident] & mask:  # where nothing is left, every version is told that either side speaks of
                admitted[ident] &= mask
            if ident not in reached and ident in core.active:
                waiting.append(ident)
            reached.add(ident)
    return admitted


def _common_asks(name: str, targets: frozenset[str], space: Space, admitted: Mapping[str, int]) -> dict[str, int]:
    """What each admitted version of ``name`` asks for: the versions that one of them at least admits."""
    per_version: list[dict[str, int]] = []
    for candidate in space.candidates(name):
        if admitted[name] >> candidate.position & 1:
            masks: dict[str, int] = defaultdict(lambda: -1)
            for ask in space.asks(candidate):
                if ask.ident in targets:
                    masks[ask.ident] &= ask.mask
            per_version.append(masks)
    shared = set(per_version[0]).intersection(*per_version[1:]) if per_version else set()
    return {ident: reduce(or_, (masks[ident] for masks in per_version)) for ident in sorted(shared)}


def _asks(name: str, targets: frozenset[str], space: Space, admitted: Mapping[str, int]) -> Iterable[Ask]:
    for candidate in space.candidates(name):
        if admitted[name] >> candidate.position & 1:
            yield from (ask for ask in space.asks(candidate) if ask.ident in targets)


def _asks_by_name(core: Core, space: Space, admitted: Mapping[str, int]) -> dict[str, list[Ask]]:
    """What the admitted versions of each package of a core ask for."""
    return {name: list(_asks(name, targets, space, admitted)) for name, targets in core.active.items()}


def _asking(
    name: str, targets: frozenset[str], space: Space, choices: Candidates, admitted: Mapping[str, int]
) -> Iterable[Cause]:
    """What the admitted versions of ``name`` ask of ``targets``, versions that ask alike in one line."""
    if is_way(name):  # told by whoever asks for the rule to be kept
        return
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    first: dict[tuple[str, str], Ask] = {}
    for candidate in space.candidates(name):
        if admitted[name] >> candidate.position & 1:
            for ask in space.asks(candidate):
                if ask.ident in targets and ask.kind is not Kind.SAME:
                    groups[ask.ident, ask.text].append(candidate)
                    first.setdefault((ask.ident, ask.text), ask)
    for key, members in groups.items():
        # What is merely supposed to exist has no version that a person could look up.
        listed = [member for member in members if not choices.is_nameless(member)]
        source = first[key].source if len(members) == 1 else f"{first[key].source} and alike"
        who = f"{label(name)} {_span(listed)}" if listed else f"{label(name)}, if there is one that was not recorded"
        yield Cause(who=who, asks=first[key].text, source=source, package=named_by(name))


def _span(members: Sequence[Candidate]) -> str:
    if len(members) < 3:
        return ", ".join(member.version for member in members)
    return f"{members[-1].version} to {members[0].version} ({len(members)} versions)"


def _left_out(ask: Ask, choices: Candidates) -> list[Exclusion]:
    """What the ask would admit and may not be chosen; where nothing is, that there is no such thing."""
    ident = ask.ident.removeprefix("?")
    known = (exclusion for name in dict.fromkeys([ident, base_of(ident)]) for exclusion in choices.exclusions[name])
    left_out = [exclusion for exclusion in known if _admits(ask, exclusion)]
    return left_out or ([choices.nothing_is(ask)] if _meets_nothing(ask) else [])


def _admits(ask: Ask, exclusion: Exclusion) -> bool:
    """Whether the exclusion took away what the ask is after.

    Where the ask still admits other versions, only one that it names is worth telling.
    """
    if ask.specifier is None or exclusion.version is None:
        return not ask.mask
    specifiers = ask.specifier.split("||")
    named = any(part.operator == "==" for specifier in specifiers for part in as_specifier(specifier))
    meant = any(within(exclusion.version, specifier) for specifier in specifiers)
    return meant and (named or not _left(ask))


def _left(ask: Ask) -> int:
    """The versions that an ask leaves; that a guard admits that nothing brings it leaves none all the same."""
    return ask.mask >> 1 if ask.ident.startswith("?") else ask.mask


def _meets_nothing(ask: Ask) -> bool:
    """Whether the ask is for a version, and no version meets it, whether anything brings one or not."""
    return ask.kind is Kind.ONE_OF and not _left(ask)


def _reasons(left_out: Iterable[Exclusion]) -> Iterable[Cause]:
    """One line a reason, with the versions that have it."""
    reasons: dict[tuple[str, str], list[Exclusion]] = defaultdict(list)
    for exclusion in left_out:
        reasons[exclusion.ident, exclusion.verdict.why].append(exclusion)
    for (ident, _), members in reasons.items():
        versions = [member.version for member in members if member.version is not None]
        more = f" and {len(versions) - 3} more" if len(versions) > 3 else ""
        who = f"{label(ident)} {', '.join(versions[:3])}{more}".rstrip()
        sources = list(dict.fromkeys(member.verdict.source for member in members))
        alike = " and alike" if len(sources) > 1 else ""
        yield Cause(who=who, asks=_sentence(members[0]), source=sources[0] + alike, package=named_by(ident))


def _sentence(exclusion: Exclusion) -> str:
    verdict = exclusion.verdict
    if exclusion.remedy:
        return f"{verdict.why} ({exclusion.remedy})"
    if verdict.answer is Answer.NOT_KNOWN:
        return f"not known{'' if exclusion.version is None else ' well enough to be chosen'}: {verdict.why}"
    return verdict.why if exclusion.version is None else f"may not be chosen: {verdict.why}"


def label(ident: str) -> str:
    """An identifier as a person would write it."""
    return next((entry.title for name, entry in AXES.items() if axis_ident(name) == ident), ident)
