"""The search, whole: a profile, the matrices and an index in, one solution or an explanation out."""

from __future__ import annotations

import msgspec
from packaging.version import Version

from solver.errors import BadInput, Unsolvable
from solver.index import Index
from solver.matrix.load import Matrices
from solver.model import Explanation, Profile, Solution
from solver.solve.explain import causes, find_core
from solver.solve.nearest import Facts, nearest
from solver.solve.optimise import Chosen, Optimiser
from solver.solve.packages import PackageSpace
from solver.solve.result import to_solution
from solver.solve.roots import admitted_pythons, framework_idents, preference, root_asks
from solver.solve.space import Candidate


def pythons(profile: Profile, matrices: Matrices) -> list[str]:
    """Python versions (major.minor) that the profile admits and a framework row names, newest first.

    Raises ``BadInput`` where it admits none.
    """
    found = admitted_pythons(profile, matrices)
    if not found:
        have = ", ".join(reversed(admitted_pythons(msgspec.structs.replace(profile, python=""), matrices)))
        raise BadInput(
            f"no known python is {profile.python}",
            key=f"profiles.{profile.name}.python",
            fix=f"choose from {have}",
        )
    return found


def solve(profile: Profile, matrices: Matrices, index: Index, *, lockable_only: bool = False) -> Solution:
    """The preferred solution of ``profile``.

    ``lockable_only`` leaves out builds whose hash or requirements nobody read.
    Raises ``Unsolvable`` with an ``Explanation`` where there is none.
    """
    best: tuple[tuple[Version, ...], PackageSpace, Chosen] | None = None
    spaces = []
    for python in pythons(profile, matrices):
        space = PackageSpace(profile, python, matrices, index, lockable_only=lockable_only)
        spaces.append(space)
        chosen = optimiser(space).best()
        if chosen is not None:
            merit = _merit(space, chosen)
            # Pythons come newest first, so an equal merit keeps the newer python.
            if best is None or merit > best[0]:
                best = merit, space, chosen
    if best is None:
        raise Unsolvable(profile.name, explain(spaces))
    return to_solution(best[1], best[2])


def optimiser(space: PackageSpace) -> Optimiser:
    """The optimiser of a space in the order of its profile's preference."""
    order = preference(space.profile, space.matrices)
    return Optimiser(space, root_asks(space), order, {"torch": _public})


def _public(candidate: Candidate) -> object:
    return Version(candidate.version).public


def _merit(space: PackageSpace, chosen: Chosen) -> tuple[Version, ...]:
    idents = framework_idents(space.profile, space.matrices)
    return tuple(Version(Version(chosen[ident].version).public) for ident in idents)


def explain(spaces: list[PackageSpace]) -> Explanation:
    """Why none of ``spaces`` (one a python) has a solution; told on the newest python."""
    space = spaces[0]
    ranks = {ident: rank for rank, ident in enumerate(preference(space.profile, space.matrices))}
    core = find_core(space, root_asks(space), ranks)
    assert core is not None
    facts = Facts(space.matrices, space.index, space.lockable_only)
    others = ", ".join(other.target.python for other in spaces[1:])
    return Explanation(
        causes=causes(core, space, space.exclusions),
        nearest=nearest(space.profile, facts, core, _alternative),
        note=f"python {others}: no solution either" if others else None,
    )


def _alternative(profile: Profile, facts: Facts) -> dict[str, str | None] | None:
    """The axes of a changed profile's solution; None where it has none either."""
    for python in pythons(profile, facts.matrices):
        space = PackageSpace(profile, python, facts.matrices, facts.index, lockable_only=facts.lockable_only)
        chosen = optimiser(space).best()
        if chosen is not None:
            return to_solution(space, chosen).axes
    return None
