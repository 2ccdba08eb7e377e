"""The nearest requests that do work: one change if one is enough, the smallest first."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.answer import NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Framework, Nearest, Profile, Solution
from solver.matrix.drivers import oldest
from solver.matrix.load import Matrices
from solver.solve.explain import Core
from solver.solve.provider import search
from solver.solve.space.packages import Spaces
from solver.solve.space.roots import admitted_pythons, distribution_of, preference, root_asks
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, base_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What a search goes by beside the profile."""

    spaces: Spaces
    lockable_only: bool

    @property
    def matrices(self) -> Matrices:
        """The rows that the spaces are made of."""
        return self.spaces.matrices


Alternative = Callable[[Profile, Facts], Solution | None]
MOST = 3
MOST_COUPLES = 60
FARTHEST = 15
"""Releases of a framework looked at on both sides of the one asked for."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way to loosen a request."""

    text: str
    cost: int
    """Releases passed over, or a fixed cost for other kinds of change."""
    profile: Profile
    part: str
    """What is changed; two changes of one part do not combine."""


def nearest(profile: Profile, facts: Facts, core: Core, alternative: Alternative) -> tuple[Nearest, ...]:
    """Up to three requests near to an impossible ``profile`` that have a solution, nearest first."""
    changes = sorted(_changes(profile, facts.matrices, core), key=lambda change: change.cost)
    found: list[Nearest] = []
    done: set[str] = set()
    shown: set[str] = set()
    for change in changes:
        if len(found) == MOST or change.part in done or not _feasible(change.profile, facts):
            continue
        for near in _told((change.text,), change.profile, facts, alternative):
            # One that cannot be locked is told, and the next one that can be.
            if near.lockable or change.part not in shown:
                found.append(near)
            shown.add(change.part)
            if near.lockable:
                done.add(change.part)
    return tuple(found) or _pairs(profile, changes, facts, alternative)


def _pairs(profile: Profile, changes: list[Change], facts: Facts, alternative: Alternative) -> tuple[Nearest, ...]:
    """Two changes together; if nothing near fits, the frameworks apart."""
    couples = [(a, b) for a, b in combinations(changes, 2) if a.part != b.part]
    for one, two in sorted(couples, key=lambda couple: couple[0].cost + couple[1].cost)[:MOST_COUPLES]:
        both = _combine(profile, one, two)
        if _feasible(both, facts):
            told = _told((one.text, two.text), both, facts, alternative)
            if told:
                return tuple(told)
    return tuple(_apart(profile, facts, alternative))


def _apart(profile: Profile, facts: Facts, alternative: Alternative) -> Iterator[Nearest]:
    for framework in profile.frameworks if len(profile.frameworks) > 1 else ():
        alone = msgspec.structs.replace(profile, frameworks=(framework,), prefer=framework)
        text = f"two locks on one shared base: {framework} in a lock of its own"
        yield from _told((text,), alone, facts, alternative)


def _combine(profile: Profile, one: Change, two: Change) -> Profile:
    """``one``'s profile with every field that ``two`` changed taken from ``two``."""
    changed = {
        field: getattr(two.profile, field)
        for field in profile.__struct_fields__
        if getattr(two.profile, field) != getattr(profile, field)
    }
    if "constraints" in changed:
        merged = dict(one.profile.constraints)
        for name in {*profile.constraints, *two.profile.constraints}:
            if two.profile.constraints.get(name) != profile.constraints.get(name):
                merged.pop(name, None)
                if name in two.profile.constraints:
                    merged[name] = two.profile.constraints[name]
        changed["constraints"] = merged
    return msgspec.structs.replace(one.profile, **changed)


def _told(texts: tuple[str, ...], profile: Profile, facts: Facts, alternative: Alternative) -> list[Nearest]:
    found = alternative(profile, facts)
    return [] if found is None else [Nearest(changes=texts, solution=found.axes, lockable=found.lockable)]


def _feasible(profile: Profile, facts: Facts) -> bool:
    ranks = {ident: rank for rank, ident in enumerate(preference(profile, facts.matrices))}
    for python in admitted_pythons(profile, facts.matrices):
        space = facts.spaces.get(profile, python, lockable_only=facts.lockable_only)
        if search(space, root_asks(space.choices, profile), ranks) is not None:
            return True
    return False


def _changes(profile: Profile, matrices: Matrices, core: Core) -> Iterator[Change]:
    asked = {base_of(ask.ident) for ask in core.asks}
    touched = asked.union(*core.active.values())
    for framework in profile.frameworks:
        ident = distribution_of(framework, profile, matrices)
        if ident in asked and profile.constraints.get(framework):
            yield from _other_versions(profile, matrices, framework, ident)
    yield from _other_pythons(profile, matrices)
    for name in sorted(profile.constraints):
        if name not in FRAMEWORKS and (name in asked or (name == "cudnn" and AXIS_CUDNN in asked)):
            rest = {key: value for key, value in profile.constraints.items() if key != name}
            changed = msgspec.structs.replace(profile, constraints=rest)
            yield Change(f"no constraint on {name} (was {profile.constraints[name]})", 2, changed, name)
    if AXIS_CUDA in touched:
        yield from _other_drivers(profile, matrices)
    if profile.target.gpus:
        changed = msgspec.structs.replace(profile, target=msgspec.structs.replace(profile.target, gpus=()))
        yield Change(f"no GPU constraint (was {', '.join(profile.target.gpus)})", 4, changed, "gpu")
    for text in profile.packages:
        if canonicalize_name(Requirement(text).name) in asked:
            others = tuple(other for other in profile.packages if other != text)
            yield Change(f"without {text}", 6, msgspec.structs.replace(profile, packages=others), text)
    if "pytorch" not in profile.indexes:
        changed = msgspec.structs.replace(profile, indexes=(*profile.indexes, "pytorch"))
        yield Change("indexes: [pytorch]", 1, changed, "indexes")


def _other_versions(profile: Profile, matrices: Matrices, framework: Framework, ident: str) -> Iterator[Change]:
    wanted = SpecifierSet(profile.constraints[framework])
    texts = {row.version for row in matrices.builds_of(ident) if isinstance(row.version, str)}
    versions = sorted({Version(Version(text).public) for text in texts})
    admitted: list[float] = [i for i, version in enumerate(versions) if wanted.contains(version, prereleases=True)]
    # Of a version that nobody knows the nearest are those between which it would stand.
    named = [Version(part.version.removesuffix(".*")) for part in wanted]
    admitted = admitted or [bisect(versions, min(named)) - 0.5]
    for position, version in enumerate(versions):
        distance = min(abs(position - other) for other in admitted)
        if 0 < distance <= FARTHEST:
            constraints = {**profile.constraints, framework: f"=={version}"}
            changed = msgspec.structs.replace(profile, constraints=constraints)
            # Going forward is a smaller change than going back as far.
            cost = math.ceil(2 * distance) + (position < admitted[0])
            yield Change(f"{framework}=={version}", cost, changed, framework)


def _other_pythons(profile: Profile, matrices: Matrices) -> Iterator[Change]:
    everything = admitted_pythons(msgspec.structs.replace(profile, python=""), matrices)
    mine = admitted_pythons(profile, matrices)
    for python in everything:
        if python not in mine:
            distance = min(abs(everything.index(python) - everything.index(own)) for own in mine)
            changed = msgspec.structs.replace(profile, python=f"=={python}")
            yield Change(f"python=={python}", 2 * distance, changed, "python")


def _other_drivers(profile: Profile, matrices: Matrices) -> Iterator[Change]:
    have = profile.target.driver
    for major in sorted(family.major for family in matrices.families):
        needed = oldest(f"{major}.0", profile.target.platform, matrices)
        if have is not None and not isinstance(needed, NotKnown) and not needed.admits(have):
            target = msgspec.structs.replace(profile.target, driver=needed.driver)
            changed = msgspec.structs.replace(profile, target=target)
            yield Change(f"driver>={needed.driver}", 3, changed, "driver")
    if profile.cuda not in ("", "none"):
        yield Change(f"any CUDA (was {profile.cuda})", 2, msgspec.structs.replace(profile, cuda=""), "cuda")
