"""The search, whole: a profile, the matrices and an index in, one solution or an explanation out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
from packaging.version import Version

from solver.core.answer import Answer
from solver.core.errors import BadInput, InterlockError, Undecided, Unsolvable
from solver.core.explanation import Explanation, Nearest
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Framework, Profile, PypiName, Solution
from solver.core.versions import as_version, runs, within
from solver.matrix.builds import has_wheel
from solver.matrix.cures import healable
from solver.matrix.drivers import newest_branch
from solver.matrix.load import Matrices
from solver.solve.explain import Core
from solver.solve.nearest import Trial, nearest
from solver.solve.optimise import Chosen, Optimiser
from solver.solve.result import to_solution
from solver.solve.space.packages import PackageSpace, Spaces
from solver.solve.space.roots import admitted_pythons, framework_idents, preference, root_asks
from solver.solve.space.scope import Unlisted
from solver.solve.space.terms import AXIS_PYTHON, Ask, Candidate, base_of, is_package
from solver.solve.sure import (
    Certainty,
    certainty,
    core_of,
    has_solution,
    impossible_alone,
    is_sure,
    lacking_cause,
    missing_releases,
    telling,
)


def searched_pythons(profile: Profile, matrices: Matrices) -> list[str]:
    """Python versions (major.minor) that the profile admits and a framework row names, newest first.

    Raises ``BadInput`` where it admits none.
    """
    admitted = admitted_pythons(profile, matrices)
    if not admitted:
        have = ", ".join(reversed(admitted_pythons(msgspec.structs.replace(profile, python=""), matrices)))
        raise BadInput(
            f"no known python is {profile.python}",
            key=f"profiles.{profile.name}.python",
            fix=f"choose from {have}",
        )
    return admitted


@dataclass(frozen=True)
class Settled:
    """What a lock holds, and goes on to hold wherever it can while some of it is made newer."""

    python: str | None
    """major.minor; None: it is to be made newer."""
    versions: Mapping[str, str]
    """By identifier."""
    newer: tuple[str, ...]
    """Packages that are made as new as python and the frameworks allow, before anything else is decided."""


def solve(profile: Profile, spaces: Spaces, *, lockable_only: bool = False, settled: Settled | None = None) -> Solution:
    """The preferred solution of ``profile``; see ``find``.

    Raises ``Unsolvable`` with an ``Explanation`` where there is none; that is ``Undecided`` where
    something that only the record lacks may be what is missing.
    """
    solution = find(profile, spaces, lockable_only=lockable_only, settled=settled)
    while solution is None and _has_read_more(profile, spaces, lockable_only=lockable_only):
        solution = find(profile, spaces, lockable_only=lockable_only, settled=settled)
    if solution is None:
        explanation = explain_none(profile, spaces, lockable_only=lockable_only)
        error = Undecided if explanation.answer is Answer.NOT_KNOWN else Unsolvable
        raise error(profile.name, explanation)
    return solution


def _has_read_more(profile: Profile, spaces: Spaces, *, lockable_only: bool) -> bool:
    """Whether the index, asked further for the packages with which the search failed, told anything new."""
    python = _telling(profile, spaces, searched_pythons(profile, spaces.matrices), lockable_only=lockable_only)
    space = spaces.get(profile, python, lockable_only=lockable_only)
    core = core_of(profile, space)
    if core is None:
        return False
    core = _with_all_absent(core, profile, space)
    cores = [core, *impossible_alone(profile, space)]
    lacking = {name for one in cores for name in telling(one, profile, space).lacking}
    lacking |= {name for one in cores for name, _ in missing_releases(one, space)}
    involved = {base_of(ask.ident) for ask in core.asks}.union(core.active, *core.active.values())
    names = [[PypiName(name) for name in sorted(some) if is_package(name)] for some in (lacking, involved)]
    more = spaces.index.more(*names)
    if more:
        spaces.forget()
    return more


def find(
    profile: Profile, spaces: Spaces, *, lockable_only: bool = False, settled: Settled | None = None
) -> Solution | None:
    """The preferred solution of ``profile``; None where there is none.

    ``lockable_only`` leaves out builds whose hash or requirements nobody read; without it
    they are taken only where they bring a newer framework or python. What is ``settled`` is preferred to all else.
    """
    best = _unhealed_first(profile, spaces, lockable_only=True, settled=settled)
    if not lockable_only and not _unbeatable(profile, best):
        wider = _unhealed_first(profile, spaces, lockable_only=False, settled=settled, floor=best)
        if wider is not None and (best is None or wider.merit > best.merit):
            best = wider
    return None if best is None else to_solution(best.space, profile, best.chosen)


@dataclass(frozen=True)
class Preferred:
    """The best solution on some python, and how good it is."""

    merit: tuple[Version, ...]
    """The frameworks in order of preference, then python."""
    space: PackageSpace
    chosen: Chosen


def _unbeatable(profile: Profile, best: Preferred | None) -> bool:
    """Whether every framework and python is pinned, so that no wider search can bring a newer one."""
    pinned = [profile.python, *(profile.constraints.get(framework, "") for framework in profile.frameworks)]
    return best is not None and all(text.startswith("==") and "*" not in text for text in pinned)


def _unhealed_first(
    profile: Profile,
    spaces: Spaces,
    *,
    lockable_only: bool,
    settled: Settled | None,
    floor: Preferred | None = None,
) -> Preferred | None:
    """The best solution; of two that are as good the one that needs no healing.

    It may be none where there is only one that is less good than ``floor``.
    """
    best = _best(profile, spaces, lockable_only=lockable_only, settled=settled, floor=floor)
    if best is None or not _needs_healing(best):
        return best
    plain = _best(profile, spaces, lockable_only=lockable_only, settled=settled, healing=False, floor=best)
    return best if plain is None or plain.merit < best.merit else plain


def _needs_healing(best: Preferred) -> bool:
    scope = best.space.scope
    versions = {ident: candidate.version for ident, candidate in best.chosen.items() if is_package(ident)}
    return any(healable(scope.binding_rules, scope.matrices, versions, scope.place))


def _best(
    profile: Profile,
    spaces: Spaces,
    *,
    lockable_only: bool,
    settled: Settled | None,
    healing: bool = True,
    floor: Preferred | None = None,
) -> Preferred | None:
    best: Preferred | None = None
    for python in _settled_first(searched_pythons(profile, spaces.matrices), settled):
        space = spaces.get(profile, python, lockable_only=lockable_only, healing=healing)
        chosen = optimiser(space, profile, settled, floor=best or floor).best()
        if chosen is not None and settled is not None and python == settled.python:
            return Preferred(_merit(profile, space, chosen), space, chosen)
        if chosen is not None:
            other = Preferred(_merit(profile, space, chosen), space, chosen)
            if best is None or other.merit > best.merit:
                best = other
    return best


def _settled_first(admitted: list[str], settled: Settled | None) -> list[str]:
    return admitted if settled is None else sorted(admitted, key=lambda python: python != settled.python)


def optimiser(
    space: PackageSpace, profile: Profile, settled: Settled | None = None, *, floor: Preferred | None = None
) -> Optimiser:
    """The optimiser of a space in the order of a profile's preference; of what is less good than ``floor`` it may
    find none."""
    matrices = space.scope.matrices
    frameworks = framework_idents(profile, matrices)
    asks, grades = root_asks(space.choices, profile), dict.fromkeys(frameworks, _public)
    if settled is None:
        above = () if floor is None else _no_older(space, frameworks, floor)
        return Optimiser(space, [*asks, *above], preference(profile, matrices), grades)
    axes = dict.fromkeys((*frameworks, AXIS_PYTHON, *settled.newer, *preference(profile, matrices)))
    stays = {ident: version for ident, version in settled.versions.items() if ident not in settled.newer}
    return Optimiser(space, asks, tuple(axes), grades, stays)


def _no_older(space: PackageSpace, frameworks: Sequence[str], floor: Preferred) -> Iterator[Ask]:
    """That the frameworks are no older than those of ``floor``, as far as older ones could not be better.

    Most pythons have none that are newer: so they are left without making anything of what is older.
    """
    for ident, least in zip(frameworks, floor.merit, strict=False):
        yield Ask(ident, space.choices.mask_where(ident, partial(_is_least, least)), "no older", "the preference")
        if any(_released(candidate) > least for candidate in space.candidates(ident)):
            return


def _is_least(least: Version, candidate: Candidate) -> bool:
    return _released(candidate) >= least


def _released(candidate: Candidate) -> Version:
    return as_version(as_version(candidate.version).public)


def _public(candidate: Candidate) -> object:
    return as_version(candidate.version).public


def _merit(profile: Profile, space: PackageSpace, chosen: Chosen) -> tuple[Version, ...]:
    versions = [chosen[ident].version for ident in framework_idents(profile, space.scope.matrices)]
    return (*(Version(Version(version).public) for version in versions), Version(space.scope.target.python))


def nearest_lockable(profile: Profile, spaces: Spaces) -> Nearest | None:
    """The set to lock where the preferred solution cannot be: of ``profile`` itself, or else of one near to it.

    None where nothing near can be locked.
    """
    solution = find(profile, spaces, lockable_only=True)
    if solution is not None:
        return Nearest(changes=(), solution=solution.axes)
    return next(iter(explain_none(profile, spaces, lockable_only=True).nearest), None)


def explain_none(profile: Profile, spaces: Spaces, *, lockable_only: bool) -> Explanation:
    """Why ``profile`` has no solution; told on one python, and whether that is as sure of the others."""
    admitted = searched_pythons(profile, spaces.matrices)
    first = _telling(profile, spaces, admitted, lockable_only=lockable_only)
    certain = {python: certainty(profile, spaces, python, lockable_only=lockable_only) for python in admitted}
    answers = {python: one.answer for python, one in certain.items()}
    # Where the answer is sure without what is doubtful, no doubt is told either.
    sure = answers[first] is Answer.NO
    freed, unlisted = _freed_of_driver(profile, spaces, first, certain[first], lockable_only=lockable_only)
    space = spaces.get(freed, first, lockable_only=lockable_only, doubtful=sure, unlisted=unlisted)
    core, alone = core_of(freed, space), impossible_alone(freed, space)
    if core is None:
        raise InterlockError(f"{profile.name} has no solution and no reason for that was found")
    trial = Trial(spaces, lockable_only, lambda changed: find(changed, spaces, lockable_only=lockable_only))
    core = _with_all_absent(core, freed, space)
    if sure:
        core = next((one for one in (core, *alone) if is_sure(one, freed, space)), core)
    causes = telling(core, freed, space).causes
    return Explanation(
        causes=(*causes, *lacking_cause(core, certain[first], space, causes)),
        answer=Answer.NOT_KNOWN if Answer.NOT_KNOWN in answers.values() else Answer.NO,
        nearest=() if _asks_for_nothing_else(core, freed, space) else nearest(profile, trial, core),
        note=_note(first, answers.pop(first), answers),
    )


def _with_all_absent(core: Core, profile: Profile, space: PackageSpace) -> Core:
    """Where a package that is asked for is not there at all: every such package at once, not the first alone."""
    absent = {ask.ident: ask for ask in root_asks(space.choices, profile) if space.choices.is_absent(ask)}
    only = len(core.asks) == 1 and core.asks[0].ident in absent
    return Core(tuple(absent.values()), {}) if only else core


def _asks_for_nothing_else(core: Core, profile: Profile, space: PackageSpace) -> bool:
    """Whether all that a question names are packages that are not there: without them nothing is asked any more."""
    absent = {ask.ident for ask in core.asks if space.choices.is_absent(ask)}
    return bool(profile.constraints) and absent.issuperset(profile.constraints)


def _note(first: str, answer: Answer, others: Mapping[str, Answer]) -> str | None:
    """What the other pythons come to, beside the ``first``, of which the answer is told."""
    parts = []
    for each, words, why in (
        (Answer.NO, "no solution on", ""),
        (Answer.NOT_KNOWN, "not known of", ", for want of a record"),
    ):
        if versions := [python for python, other in others.items() if other is each]:
            parts.append(f"{words} python {runs(versions)}{' either' if each is answer else ''}{why}")
    return "; ".join([f"told of python {first}", *parts]) if parts else None


def _telling(profile: Profile, spaces: Spaces, admitted: list[str], *, lockable_only: bool) -> str:
    """The python on which most of the request exists at all, the newest of equals that has wheels and was recorded.

    There it fails for its own sake, and not for want of wheels or of a record of them.
    """

    def met(python: str) -> tuple[int, int, bool]:
        space = spaces.get(profile, python, lockable_only=lockable_only)
        asks = root_asks(space.choices, profile)
        excluded = (exclusion for ask in asks for exclusion in space.choices.exclusions[base_of(ask.ident)])
        recorded = not any(exclusion.remedy for exclusion in excluded)
        return sum(bool(ask.mask) for ask in asks), _built(profile, spaces.matrices, python), recorded

    return max(admitted, key=met)


def _built(profile: Profile, matrices: Matrices, python: str) -> int:
    """How many of the frameworks have, at a version that the profile admits, a wheel for ``python``."""

    def is_built(name: Framework) -> bool:
        rows = (row for one in FRAMEWORKS[name].coded for row in matrices.builds_of(one) if row.version)
        bound = profile.constraints.get(name, "")
        return any(has_wheel(row, python) and within(row.version, bound) for row in rows)

    return sum(map(is_built, profile.frameworks))


def _freed_of_driver(
    profile: Profile, spaces: Spaces, python: str, certain: Certainty, *, lockable_only: bool
) -> tuple[Profile, Unlisted]:
    """``profile`` with every driver admitted, if that does not help: then the driver is not what is wrong.

    And the releases that are supposed to exist where it is told why.
    """
    newest, sure = newest_branch(spaces.matrices), certain.answer is Answer.NO
    unlisted = certain.unlisted if sure else frozenset()
    if newest is None or profile.target.driver is None:
        return profile, unlisted
    target = msgspec.structs.replace(profile.target, driver=f"{newest}.99")
    anyhow = msgspec.structs.replace(profile, target=target)
    if not sure:
        space = spaces.get(anyhow, python, lockable_only=lockable_only)
        return (profile if has_solution(anyhow, space) else anyhow), unlisted
    other = certainty(anyhow, spaces, python, lockable_only=lockable_only)
    return (anyhow, other.unlisted) if other.answer is Answer.NO else (profile, unlisted)
