"""Whether it is sure that a request has no solution, and not only that none is known.

It is where there is none either when everything is admitted that is not known well enough, and every release is
supposed to exist that may exist beside what was listed. A contradiction that is left then rests on what the request,
rules and rows say, on what recorded releases ask, and on lists that are whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import Answer
from solver.core.explanation import Cause
from solver.core.model import Profile
from solver.matrix.libraries import is_cudnn
from solver.solve.explain import Core, Telling, find_core, tell
from solver.solve.provider import search
from solver.solve.space.packages import PackageSpace, Spaces
from solver.solve.space.roots import preference, root_asks
from solver.solve.space.scope import Unlisted
from solver.solve.space.terms import AXIS_CUDNN, SNAPSHOT, Ask, base_of, is_inside, is_package, package_around
from solver.solve.space.unlisted import unlisted_versions

_ROUNDS = 50
"""Stories that are refuted one after the other before the answer is that it is not known."""


@dataclass(frozen=True)
class Certainty:
    """Whether there is surely no solution on one python."""

    answer: Answer
    """NO or NOT_KNOWN."""
    unlisted: Unlisted
    """The releases that were supposed to exist before it was sure, or before there was a solution."""
    helpful: Unlisted = frozenset()
    """Those of them that are in that solution."""


def certainty(profile: Profile, spaces: Spaces, python: str, *, lockable_only: bool) -> Certainty:
    """How sure it is that ``profile``, of which the search found no solution on ``python``, has none."""
    unlisted: Unlisted = frozenset()
    for _ in range(_ROUNDS):
        space = spaces.get(profile, python, lockable_only=lockable_only, doubtful=True, unlisted=unlisted)
        # Each of these alone is a reason, so one that is sure is enough.
        core = None if (alone := impossible_alone(profile, space)) else core_of(profile, space)
        cores = alone if core is None else [core]
        if not cores:
            return Certainty(Answer.NOT_KNOWN, unlisted, _helpful(profile, space))
        if any(is_sure(one, profile, space) for one in cores):
            return Certainty(Answer.NO, unlisted)
        more = unlisted.union(*(missing_releases(one, space) for one in cores))
        if more == unlisted:
            break
        unlisted = more
    return Certainty(Answer.NOT_KNOWN, unlisted)


def core_of(profile: Profile, space: PackageSpace) -> Core | None:
    """A core of the whole problem; None where it has a solution after all."""
    return find_core(space, root_asks(space.choices, profile), _ranks(profile, space))


def telling(core: Core, profile: Profile, space: PackageSpace) -> Telling:
    """``core`` in words."""
    return tell(core, space, space.choices, root_asks(space.choices, profile))


def is_sure(core: Core, profile: Profile, space: PackageSpace) -> bool:
    """Whether nothing that anybody may yet record takes a core of a doubtful space away."""
    missing = missing_releases(core, space) - space.scope.unlisted
    return not missing and telling(core, profile, space).answer is Answer.NO


def has_solution(profile: Profile, space: PackageSpace) -> bool:
    """Whether there is any in ``space``."""
    return search(space, root_asks(space.choices, profile), _ranks(profile, space)) is not None


def lacking_cause(core: Core, certain: Certainty, space: PackageSpace, told: Iterable[Cause]) -> Iterator[Cause]:
    """That the record may lack what takes ``core`` away, where it is so and nothing that is ``told`` says it."""
    helpful = {name for name, _ in certain.helpful}
    names = {name for name, _ in missing_releases(core, space)} if helpful else set()
    names = (names or helpful) - {cause.package for cause in told if cause.source == SNAPSHOT}
    if names:
        asks = f"the snapshot may lack a release that will do ({space.choices.index.remedy})"
        package = next(iter(names)) if len(names) == 1 else None
        yield Cause(who=", ".join(sorted(names)), asks=asks, source=SNAPSHOT, package=package)


def impossible_alone(profile: Profile, space: PackageSpace) -> list[Core]:
    """Each ask of the request that nothing meets: alone a reason why there is no solution."""
    return [Core((ask,), {}) for ask in root_asks(space.choices, profile) if not ask.mask]


def missing_releases(core: Core, space: PackageSpace) -> Unlisted:
    """The releases that may exist unlisted, of the packages of which ``core`` tells: one of each kind."""
    scope, index = space.scope, space.choices.index
    asked = {
        name: [ask.specifier for ask in asks if ask.specifier] for name, asks in _asks_by_package(core, space).items()
    }
    return frozenset(
        (name, one) for name, texts in asked.items() for one in unlisted_versions(scope, index, name, texts)
    )


def _asks_by_package(core: Core, space: PackageSpace) -> Mapping[str, Sequence[Ask]]:
    """What a core asks of each package that it is about; nothing of one that only asks."""
    by_name: dict[str, list[Ask]] = defaultdict(list)
    for ask in (*core.asks, *_asks_inside(core, space)):
        for name in _packages(ask.ident, space):
            by_name[name] += [ask] if base_of(ask.ident) == name else []
    for name in core.active:
        for package in _packages(name, space):
            by_name[package] += []
    return by_name


def _asks_inside(core: Core, space: PackageSpace) -> Iterator[Ask]:
    for name, targets in core.active.items():
        for candidate in space.candidates(name):
            yield from (ask for ask in space.asks(candidate) if ask.ident in targets)


def _packages(ident: str, space: PackageSpace) -> Iterable[str]:
    """The packages whose releases decide what may be chosen for ``ident``."""
    if is_inside(ident):
        return [package_around(ident)]
    base = base_of(ident)
    if base == AXIS_CUDNN:
        return dict.fromkeys(row.distribution for row in space.scope.matrices.libraries if is_cudnn(row))
    return [base] if is_package(base) else []


def _helpful(profile: Profile, space: PackageSpace) -> Unlisted:
    chosen = search(space, root_asks(space.choices, profile), _ranks(profile, space)) or {}
    return frozenset((ident, one.version) for ident, one in chosen.items()) & space.scope.unlisted


def _ranks(profile: Profile, space: PackageSpace) -> Mapping[str, int]:
    return {ident: rank for rank, ident in enumerate(preference(profile, space.scope.matrices))}
