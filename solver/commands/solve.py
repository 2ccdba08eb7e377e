"""How a request becomes a solution: ad hoc, of a profile, of a variant of another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from packaging.version import Version

from solver.commands.conda import beside_conda, solve_conda_profile
from solver.commands.project import Project, Reach, open_facts, open_project
from solver.commands.remarks import with_remarks
from solver.core.axes import axes_of
from solver.core.flavours import FLAVOURS
from solver.core.frameworks import preferred_first
from solver.core.model import Framework, Profile, Solution
from solver.index import Index
from solver.index.layered import Watch
from solver.matrix.load import Matrices
from solver.matrix.runtimes import of_packages
from solver.request.adhoc import ad_hoc, constrained
from solver.request.interop import with_interop
from solver.request.loader import without_loader
from solver.solve.search import find, solve
from solver.solve.space.packages import Spaces


def solve_request(
    root: Path,
    name: str | None,
    constraints: Sequence[str],
    *,
    reach: Reach = Reach.RECORD,
    watch: Watch | None = None,
    no_loader: bool = False,
) -> Solution:
    """The solution of the profile called ``name`` with further constraints, or of the constraints alone.

    ``no_loader``: as if it said ``loader: none``. Raises ``BadInput``, ``Unsolvable``.
    """
    if name is None:
        matrices, index, snapshot = open_facts(root, reach=reach, watch=watch)
        question = ad_hoc(constraints, matrices, snapshot.bindings)
        return solve_ad_hoc(without_loader(question) if no_loader else question, matrices, index)
    project = open_project(root, reach=reach, watch=watch, no_loader=no_loader)
    profile = constrained(project.profile(name), constraints, project.matrices)
    return with_remarks(solve_profile(project, profile), project.matrices, project.index, profile.loader)


def solve_ad_hoc(profile: Profile, matrices: Matrices, index: Index) -> Solution:
    """The preferred solution over everything known, lockable or not."""
    return with_remarks(solve(profile, Spaces(matrices, index)), matrices, index)


def solve_profile(project: Project, profile: Profile) -> Solution:
    """The solution that ``lock`` writes: everything in it was read; a variant is part of its parent's."""
    profile = with_interop(profile, project.matrices)
    if not FLAVOURS[profile.flavour].from_pip:
        return solve_conda_profile(project, profile).solution
    if profile.variant_of is None:
        limited, settled = beside_conda(project, profile), project.settled.get(profile.name)
        verified = _verified(project, limited) if profile.prefer_verified and settled is None else None
        return verified or solve(limited, project.spaces, lockable_only=True, settled=settled)
    whole = project.profile(profile.variant_of)
    parent = solve_profile(project, whole)
    if whole.frameworks and not profile.frameworks:
        return _shared_base(project, profile, parent)
    settled = project.settled.get(profile.name)
    return solve(_pinned_to(profile, parent), project.spaces, lockable_only=True, settled=settled)


def _verified(project: Project, profile: Profile) -> Solution | None:
    """The newest set that ran on a GPU and that the profile admits; None where there is none."""
    solutions = []
    for row in project.matrices.verified:
        pins = {name: f"=={version}" for name, version in row.packages.items() if name not in _NOT_SEARCHED}
        both = {name: ",".join(filter(None, (profile.constraints.get(name), pin))) for name, pin in pins.items()}
        pinned = msgspec.structs.replace(profile, constraints={**profile.constraints, **both})
        solution = find(pinned, project.spaces, lockable_only=True)
        if solution is not None:
            solutions.append(solution)
    order = preferred_first(profile.frameworks)
    order.sort(key=lambda name: name != profile.prefer)
    return max(solutions, key=lambda one: [Version(one.axes[name] or "0") for name in order], default=None)


_NOT_SEARCHED = ("python", "interlock-loader")
"""Of a verified set, what is not for the search to choose."""


def _pinned_to(profile: Profile, parent: Solution) -> Profile:
    pins = {str(pin.name): f"=={pin.version}" for pin in parent.pins}
    constraints = {**profile.constraints, **pins}
    return msgspec.structs.replace(profile, constraints=constraints, python=f"=={parent.target.python}")


def _part(profile: Profile, whole: Profile, name: Framework) -> Profile:
    """``profile`` with one framework of ``whole``, for the CPU where that is."""
    cpu = tuple(one for one in whole.cpu_frameworks if one == name)
    return msgspec.structs.replace(profile, frameworks=(name,), cpu_frameworks=cpu)


def _shared_base(project: Project, profile: Profile, parent: Solution) -> Solution:
    """What the closures of both frameworks share, and what the variant itself asks for."""
    whole = project.profile(profile.variant_of or "")
    parts = [
        solve(_pinned_to(_part(profile, whole, name), parent), project.spaces, lockable_only=True)
        for name in whole.frameworks
    ]
    names = set.intersection(*({str(pin.name) for pin in part.pins} for part in parts))
    pins = tuple(pin for pin in parent.pins if pin.name in names)
    # What lies inside the wheel of a framework is not of the base.
    runtimes = of_packages(project.matrices, {str(pin.name): pin.version for pin in pins}, parent.target.platform)
    kept = {*axes_of("python"), *runtimes, *names}
    axes = {axis: version if axis in kept else None for axis, version in parent.axes.items()}
    because = tuple(item for item in parent.because if item.package in {*runtimes, *names})
    return msgspec.structs.replace(parent, profile=profile.name, pins=pins, axes=axes, because=because, notes=())
