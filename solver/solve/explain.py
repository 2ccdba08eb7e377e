"""Why there is no solution: the shortest true story, told from a minimal unsatisfiable core.

The problem is relaxed until only the asks that matter are left: first the packages whose
asks count, then the request's own asks, then each package's asks. Every step keeps the
rest impossible, so what remains is true and nothing in it can be left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from solver.core.model import REQUEST, Cause
from solver.solve.provider import search
from solver.solve.space.terms import ITSELF, Ask, Candidate, Exclusion, Space

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

    def impossible(some: Sequence[Ask], active: Mapping[str, frozenset[str] | None]) -> bool:
        return search(space, some, ranks, active=active) is None

    for name in sorted(names, key=lambda n: (-ranks.get(n, len(ranks)), n)):
        rest = {n: None for n in names if n != name}
        if impossible(asks, rest):
            names = set(rest)
    kept = list(asks)
    for ask in reversed(asks):
        some = [other for other in kept if other is not ask]
        if impossible(some, dict.fromkeys(names)):
            kept = some
    active = {name: _targets(space, name) for name in names}
    for name in sorted(names, key=lambda n: (ranks.get(n, len(ranks)), n)):
        active = _fewest_targets(name, active, lambda some: impossible(kept, some))
    return Core(tuple(kept), {name: targets for name, targets in active.items() if targets})


def _impossible_names(space: Space, asks: Sequence[Ask], ranks: Mapping[str, int]) -> set[str] | None:
    """Packages whose asks together make the problem impossible, found from the axes outward."""
    names: set[str] = set()
    while True:
        found = search(space, asks, ranks, active=dict.fromkeys(names))
        if found is None:
            return names
        clashing, open_ = set(), set()
        for ident, candidate in found.items():
            if ident not in names:
                for ask in space.asks(candidate):
                    other = found.get(ask.ident)
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


def causes(core: Core, space: Space, exclusions: Mapping[str, Sequence[Exclusion]]) -> tuple[Cause, ...]:
    """The core in words, one line a cause: the request first, then who asks what of whom."""
    lines = [Cause(who=REQUEST, asks=ask.text, source=ask.source) for ask in core.asks]
    excluded: list[Cause] = []
    admitted: dict[str, int] = defaultdict(lambda: -1)
    for ask in core.asks:
        admitted[ask.ident] &= ask.mask
        excluded += _excluded(ask, exclusions)
    for name in sorted(core.active, key=lambda n: (admitted[n] == -1, n)):
        lines += _asked(name, core.active[name], space, admitted)
        for ask in _asks(name, core.active[name], space, admitted):
            excluded += [] if ask.mask else _excluded(ask, exclusions)
    return tuple(dict.fromkeys([*lines, *excluded]))


def _asks(name: str, targets: frozenset[str], space: Space, admitted: Mapping[str, int]) -> Iterable[Ask]:
    for candidate in space.candidates(name):
        if admitted[name] >> candidate.position & 1:
            yield from (ask for ask in space.asks(candidate) if ask.ident in targets)


def _asked(name: str, targets: frozenset[str], space: Space, admitted: Mapping[str, int]) -> Iterable[Cause]:
    """What the admitted versions of ``name`` ask of ``targets``, versions that ask alike in one line."""
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    first: dict[tuple[str, str], Ask] = {}
    for candidate in space.candidates(name):
        if admitted[name] >> candidate.position & 1:
            for ask in space.asks(candidate):
                if ask.ident in targets and ask.source != ITSELF:
                    groups[ask.ident, ask.text].append(candidate)
                    first.setdefault((ask.ident, ask.text), ask)
    for key, members in groups.items():
        source = first[key].source if len(members) == 1 else f"{first[key].source} and alike"
        yield Cause(who=f"{label(name)} {_span(members)}", asks=first[key].text, source=source)


def _span(members: Sequence[Candidate]) -> str:
    if len(members) < 3:
        return ", ".join(member.version for member in members)
    return f"{members[-1].version} to {members[0].version} ({len(members)} versions)"


def _excluded(ask: Ask, exclusions: Mapping[str, Sequence[Exclusion]]) -> Iterable[Cause]:
    """Why versions that the ask would admit may not be chosen, one line a reason."""
    ident = ask.ident.removeprefix("?").partition("[")[0]
    reasons: dict[str, list[Exclusion]] = defaultdict(list)
    for exclusion in exclusions.get(ident, ()):
        if _admits(ask, exclusion.version, ident):
            reasons[exclusion.why].append(exclusion)
    if not reasons and _admits_nothing(ask):
        yield Cause(who=label(ident), asks=f"no known release is {ask.text}", source="the package index")
    for why, members in reasons.items():
        shown = ", ".join(member.version for member in members[:3])
        more = f" and {len(members) - 3} more" if len(members) > 3 else ""
        alike = " and alike" if len({member.source for member in members}) > 1 else ""
        who = f"{label(ident)} {shown}{more}".rstrip()
        yield Cause(who=who, asks=f"may not be chosen: {why}", source=members[0].source + alike)


def _admits_nothing(ask: Ask) -> bool:
    """Whether no version of a package meets the ask, present or not."""
    if ask.ident.startswith("axis:") or ask.text.startswith("no "):
        return False
    return not (ask.mask >> 1 if ask.ident.startswith("?") else ask.mask)


def label(ident: str) -> str:
    """An identifier as a person would write it."""
    return {"axis:cuda": "CUDA", "axis:cudnn": "cuDNN", "axis:python": "python"}.get(ident, ident)


def _admits(ask: Ask, version: str, ident: str) -> bool:
    if ident.startswith("axis:"):
        return not ask.mask
    text = ask.text.partition("]")[2] if "]" in ask.text else ask.text.removeprefix(ident)
    try:
        return bool(SpecifierSet(text).contains(version, prereleases=True)) and (not ask.mask or "==" in text)
    except (InvalidSpecifier, InvalidVersion):
        return not ask.mask
