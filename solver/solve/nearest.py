"""The nearest requests that do work: one change if one is enough, the smallest first."""

from __future__ import annotations

import math
from bisect import bisect, bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import msgspec
from packaging.utils import canonicalize_name

from solver.core.axes import axes_of
from solver.core.explanation import Nearest
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import INDEXES
from solver.core.model import Framework, Profile, Solution
from solver.core.spelling import all_of
from solver.core.versions import as_requirement, as_specifier, as_version, within
from solver.matrix.drivers import named, of_families
from solver.matrix.load import Matrices
from solver.solve.explain import Core
from solver.solve.provider import search
from solver.solve.space.packages import Spaces
from solver.solve.space.roots import admitted_pythons, bringer_of, preference, root_asks
from solver.solve.space.terms import AXIS_CUDA, axis_ident, base_of

Edit = Callable[[Profile], Profile]

MOST = 3
"""Requests told."""
MOST_COUPLES = 60
"""Couples of changes tried, the cheapest first: each is a search of its own."""
_LAST = 1_000
"""Cost of a change that tells of another machine: it is told where nothing else helps."""
FARTHEST = 15
"""Releases of a framework looked at on both sides of the one asked for."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries changed profiles, over the facts and with the demands of the search that failed."""

    spaces: Spaces
    lockable_only: bool
    solve: Callable[[Profile], Solution | None]
    """The preferred solution of a profile; None where it has none."""

    @property
    def matrices(self) -> Matrices:
        """The rows that the spaces are made of."""
        return self.spaces.matrices

    def feasible(self, profile: Profile) -> bool:
        """Whether ``profile`` has any solution on any python.

        Finding some solution is much cheaper than finding the preferred one, and most changes help nothing.
        """
        ranks = {ident: rank for rank, ident in enumerate(preference(profile, self.matrices))}
        for python in admitted_pythons(profile, self.matrices):
            space = self.spaces.get(profile, python, lockable_only=self.lockable_only)
            if search(space, root_asks(space.choices, profile), ranks) is not None:
                return True
        return False

    def outcome(self, texts: tuple[str, ...], profile: Profile) -> Nearest | None:
        """What ``profile``, changed as ``texts`` say, comes to; None where it has no solution either."""
        solution = self.solve(profile)
        if solution is None:
            return None
        return Nearest(changes=texts, solution=solution.axes, lockable=solution.lockable)


@dataclass(frozen=True, slots=True)
class Change:
    """One way to loosen a request."""

    text: str
    cost: int
    """Releases passed over, or a fixed cost for other kinds of change."""
    edit: Edit
    part: str
    """What is changed; two changes of one part do not combine."""


def nearest(profile: Profile, trial: Trial, core: Core) -> tuple[Nearest, ...]:
    """Up to three requests near to an impossible ``profile`` that have a solution, nearest first."""
    changes = sorted(_changes(profile, trial, core), key=lambda change: change.cost)
    outcomes: list[Nearest] = []
    # Of one part only its nearest change is told, as a farther one teaches nothing new. Where that one cannot be
    # locked, the nearest that can be is told besides.
    shown: set[str] = set()
    done: set[str] = set()
    for change in changes:
        changed = change.edit(profile)
        if len(outcomes) == MOST or change.part in done or (outcomes and change.cost == _LAST):
            continue
        if not trial.feasible(changed):
            continue
        outcome = trial.outcome((change.text,), changed)
        if outcome is not None and (outcome.lockable or change.part not in shown):
            outcomes.append(outcome)
        if outcome is not None:
            shown.add(change.part)
            done |= {change.part} if outcome.lockable else set()
    return tuple(outcomes) or _two(profile, changes, trial)


def _two(profile: Profile, changes: list[Change], trial: Trial) -> tuple[Nearest, ...]:
    """Two changes together; if nothing near fits, the frameworks apart."""
    couples = [(one, two) for one, two in combinations(changes, 2) if one.part != two.part]
    for one, two in sorted(couples, key=lambda couple: couple[0].cost + couple[1].cost)[:MOST_COUPLES]:
        # Edits compose: each changes what the other left, so that two of one field (a driver and the GPUs of one
        # target) are both kept.
        both = two.edit(one.edit(profile))
        outcome = trial.outcome((one.text, two.text), both) if trial.feasible(both) else None
        if outcome is not None:
            return (outcome,)
    return tuple(_apart(profile, trial))


def _apart(profile: Profile, trial: Trial) -> Iterator[Nearest]:
    for framework in profile.frameworks if len(profile.frameworks) > 1 else ():
        alone = msgspec.structs.replace(profile, frameworks=(framework,), prefer=framework)
        outcome = trial.outcome((f"two locks on one shared base: {framework} in a lock of its own",), alone)
        if outcome is not None:
            yield outcome


def _changes(profile: Profile, trial: Trial, core: Core) -> Iterator[Change]:
    """Every change that could help.

    What the core does not ask for is not to blame: loosening it leaves the core as impossible as it was. But
    python, the driver, the GPUs and the indexes bound what may be chosen without asking for anything: no core
    acquits them.
    """
    matrices = trial.matrices
    idents = {base_of(ask.ident) for ask in core.asks}
    for framework in profile.frameworks:
        ident = bringer_of(framework, profile, matrices)
        if ident in idents and profile.constraints.get(framework):
            yield from _other_versions(profile, matrices, framework, ident)
    yield from _other_pythons(profile, matrices)
    yield from _fewer_constraints(profile, idents)
    yield from _other_drivers(profile, trial, to_blame=AXIS_CUDA in idents.union(*core.active.values()))
    if profile.target.gpus:
        yield from _on_the_cpu(profile, trial)
        text = f"no GPU constraint (was {', '.join(profile.target.gpus)})"
        yield Change(text, _LAST, _of_target(gpus=()), "gpu")
    yield from _fewer_packages(profile, core, idents)
    for index in INDEXES:
        if index not in profile.indexes:
            yield Change(f"indexes: [{index}]", 1, _of_profile(indexes=(*profile.indexes, index)), "indexes")


def _on_the_cpu(profile: Profile, trial: Trial) -> Iterator[Change]:
    """One framework on the CPU beside those that use the GPU, where it is that one which the GPU refuses."""
    using = [framework for framework in profile.frameworks if framework not in profile.cpu_frameworks]
    for framework in using if len(using) > 1 and profile.cuda != "none" else ():
        edit = _of_profile(cpu_frameworks=(*profile.cpu_frameworks, framework))
        text, part = f"{framework}: {{cuda: none}}", f"{framework} on the CPU"
        if trial.feasible(edit(profile)):
            yield Change(text, 4, edit, part)
        elif driver := _smallest_driver(edit(profile), trial):
            yield Change(f"{text} and driver>={driver}", 5, _both(edit, _of_target(driver=driver)), part)


def _both(first: Edit, second: Edit) -> Edit:
    return lambda profile: second(first(profile))


def _of_profile(**fields: object) -> Edit:
    return lambda profile: msgspec.structs.replace(profile, **fields)


def _of_target(**fields: object) -> Edit:
    def edit(profile: Profile) -> Profile:
        return msgspec.structs.replace(profile, target=msgspec.structs.replace(profile.target, **fields))

    return edit


def _constraint(name: str, specifier: str | None) -> Edit:
    """``specifier`` as the constraint on ``name``; None: no constraint on it."""

    def edit(profile: Profile) -> Profile:
        rest = {key: value for key, value in profile.constraints.items() if key != name}
        return msgspec.structs.replace(profile, constraints=rest if specifier is None else {**rest, name: specifier})

    return edit


def _other_versions(profile: Profile, matrices: Matrices, framework: Framework, ident: str) -> Iterator[Change]:
    specifier = profile.constraints[framework]
    coded = FRAMEWORKS[framework].coded if FRAMEWORKS[framework].plugins else (ident,)
    rows = (row for one in coded for row in matrices.builds_of(one))
    texts = {row.version for row in rows if isinstance(row.version, str)}
    versions = sorted({as_version(as_version(text).public) for text in texts})
    admitted: list[float] = [at for at, version in enumerate(versions) if within(str(version), specifier)]
    # Of a version that nobody knows the nearest are those between which it would stand.
    bounds = [as_version(part.version.removesuffix(".*")) for part in as_specifier(specifier)]
    admitted = admitted or [bisect(versions, min(bounds)) - 0.5]
    for at, version in enumerate(versions):
        distance = min(abs(at - other) for other in admitted)
        if 0 < distance <= FARTHEST:
            # Going forward is a smaller change than going back as far.
            cost = math.ceil(2 * distance) + (at < admitted[0])
            exact = f"=={version}"
            yield Change(f"{framework}{exact}", cost, _constraint(framework, exact), framework)


def _other_pythons(profile: Profile, matrices: Matrices) -> Iterator[Change]:
    everything = admitted_pythons(msgspec.structs.replace(profile, python=""), matrices)
    mine = admitted_pythons(profile, matrices)
    for python in everything:
        if python not in mine:
            distance = min(abs(everything.index(python) - everything.index(own)) for own in mine)
            yield Change(f"python=={python}", 2 * distance, _of_profile(python=f"=={python}"), "python")


def _fewer_constraints(profile: Profile, idents: set[str]) -> Iterator[Change]:
    for name, specifier in sorted(profile.constraints.items()):
        ident = axis_ident(name) if name in axes_of("library") else name
        if name not in axes_of("framework") and ident in idents:
            yield Change(f"no constraint on {name} (was {specifier})", 2, _constraint(name, None), name)


def _fewer_packages(profile: Profile, core: Core, idents: set[str]) -> Iterator[Change]:
    blamed = [text for text in profile.packages if canonicalize_name(as_requirement(text).name) in idents]
    for text in blamed:
        yield Change(f"without {text}", 6, _without(text), text)
    if len(blamed) > 1 and not any(ask.mask for ask in core.asks):  # each of them alone is a reason
        yield Change(f"without {all_of(blamed)}", 6 * len(blamed), _without(*blamed), "packages")


def _without(*texts: str) -> Edit:
    def edit(profile: Profile) -> Profile:
        others = tuple(other for other in profile.packages if other not in texts)
        return msgspec.structs.replace(profile, packages=others)

    return edit


def _other_drivers(profile: Profile, trial: Trial, *, to_blame: bool) -> Iterator[Change]:
    """The smallest newer driver that is enough, and the newer ones that CUDA families begin with.

    Where none is enough, those of the families, should the driver be ``to_blame`` beside something else.
    """
    first = _smallest_driver(profile, trial)
    drivers = [] if first is None else [first]
    if to_blame or first is not None:
        oldest_served = first or profile.target.driver
        drivers += [
            driver
            for driver in of_families(profile.target.platform, trial.matrices)
            if _is_newer(driver, oldest_served)
        ]
    for driver in drivers:
        yield Change(f"driver>={driver}", 3, _of_target(driver=driver), "driver")
    if to_blame and profile.cuda not in ("", "none"):
        yield Change(f"any CUDA (was {profile.cuda})", 2, _of_profile(cuda=""), "cuda")


def _smallest_driver(profile: Profile, trial: Trial) -> str | None:
    """The oldest driver that rows name and that is enough; None where none newer than the profile's is.

    What a driver serves a newer one serves, so that halving finds it.
    """
    every = named(profile.target.platform, trial.matrices)
    drivers = sorted((one for one in every if _is_newer(one, profile.target.driver)), key=as_version)

    def enough(at: int) -> bool:
        return trial.feasible(_of_target(driver=drivers[at])(profile))

    if not drivers or not enough(len(drivers) - 1):
        return None
    return drivers[bisect_left(range(len(drivers) - 1), True, key=enough)]


def _is_newer(driver: str, other: str | None) -> bool:
    """Whether ``driver`` is newer; of a target without a driver nobody asks for one."""
    return other is not None and as_version(driver) > as_version(other)
