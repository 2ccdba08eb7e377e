"""Some packages of a lock made newer while the others stay: what `lock --upgrade-package` asks of the search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from solver.commands.project import Project
from solver.core.axes import axes_of
from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS
from solver.core.model import Profile, Solution
from solver.core.names import BadName, project, shown
from solver.core.spelling import either, near_names
from solver.lock.read import LockFolder, intact_folder
from solver.solve.search import Settled
from solver.solve.space.terms import axis_ident, is_package

OPTION = "--upgrade-package"
PYTHON = "python"


def settling(opened: Project, profiles: Sequence[Profile], packages: Iterable[str]) -> Project:
    """``opened``, whose locks of ``profiles`` keep all but ``packages``, which are made as new as they can be.

    Raises ``BadInput`` where a profile has no intact lock, or none of the locks holds one of ``packages``.
    """
    names = tuple(map(_name, packages))
    locks = [_lock(opened, profile) for profile in profiles]
    present = {name for lock in locks for name in (*_versions(lock), PYTHON)}
    for name in names:
        if name not in present:
            near = near_names(name, present)
            raise BadInput(
                f"no lock of {', '.join(lock.name for lock in locks)} holds {name}",
                key=OPTION,
                fix=f"did you mean {either(near)}?" if near else "name a package that is in the lock",
            )
    settled = {lock.name: _settled(lock, names) for lock in locks}
    # A variant is part of its parent's lock, as that lies there where it is not made newer itself.
    parents = {profile.variant_of for profile in profiles if profile.variant_of is not None} - set(settled)
    settled |= {name: _settled(_lock(opened, opened.profile(name)), ()) for name in sorted(parents)}
    return replace(opened, settled=settled)


def moved(opened: Project, after: Solution, names: Iterable[str]) -> Iterator[str]:
    """A line for each package that ``opened`` had settled at another version, and for each of ``names`` that stays."""
    then = {name: version for name, version in opened.settled[after.profile].versions.items() if is_package(name)}
    now = {str(pin.name): pin.version for pin in after.pins}
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{name} {then.get(name, 'not in it')} -> {now.get(name, 'not in it')}"
    for name in map(_name, names):
        if name in now and then.get(name) == now[name]:
            yield f"{name} {now[name]} stays: nothing newer goes with the python and the frameworks of the lock"


def _name(text: str) -> str:
    try:
        return project(text)
    except BadName:
        raise BadInput(f"{shown(text)} is no name of a package", key=OPTION, fix="write it like pandas") from None


def _lock(opened: Project, profile: Profile) -> LockFolder:
    if not FLAVOURS[profile.flavour].from_pip:
        raise BadInput(
            f"{profile.name} comes from conda, whose packages are made newer together",
            key=OPTION,
            fix="name profiles whose packages come from pip, or lock it with --live",
        )
    return intact_folder(opened.locks / profile.name)


def _versions(lock: LockFolder) -> dict[str, str]:
    """Version by package of the pip half, without the wheels that a lock brings itself."""
    own = set(lock.wheels.values())
    return {str(pin.name): pin.installs for pin in lock.pins if not pin.hashes <= own}


def _settled(lock: LockFolder, names: Sequence[str]) -> Settled:
    chosen = lock.solution.solution
    axes = {axis_ident(axis): version for axis in axes_of("toolkit", "library") if (version := chosen.get(axis))}
    python = lock.solution.target.python
    return Settled(
        python=None if PYTHON in names else python,
        versions=_versions(lock) | axes,
        newer=tuple(name for name in names if name != PYTHON),
    )
