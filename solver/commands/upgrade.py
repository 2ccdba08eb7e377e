"""Some packages of a lock made newer while the others stay: what `lock --upgrade-package` asks of the search."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from solver.commands.lock import Lock
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.core.axes import axes_of
from solver.core.errors import BadInput, InterlockError
from solver.core.flavours import FLAVOURS
from solver.core.model import Profile, conda_name, pypi_name
from solver.core.names import BadName, project, shown
from solver.core.spelling import either, near_names
from solver.index.layered import LayeredIndex
from solver.lock.folder import LockFolder, intact_folder
from solver.matrix.names import Names
from solver.request.interop import with_interop
from solver.solve.conda.settled import SettledRecords
from solver.solve.search import Settled
from solver.solve.space.packages import PackageSpace, Spaces
from solver.solve.space.roots import root_asks
from solver.solve.space.terms import axis_ident, is_package

OPTION = "--upgrade-package"
PYTHON = "python"


def settling(opened: Project, profiles: Sequence[Profile], packages: Iterable[str]) -> Project:
    """``opened``, whose locks of ``profiles`` keep all but ``packages``, which are made as new as they can be.

    Raises ``BadInput`` where a profile has no intact lock, or none of the locks holds one of ``packages``.
    """
    texts = tuple(packages)
    locks = [intact_folder(opened.locks / profile.name) for profile in profiles]
    present = {name for lock in locks for name in (*_versions(lock), PYTHON)}
    meant = {text: _meant(opened, text, present) for text in texts}
    for name in meant.values():
        if name not in present:
            near = near_names(name, present)
            raise BadInput(
                f"no lock of {', '.join(lock.name for lock in locks)} holds {name}",
                key=OPTION,
                fix=f"did you mean {either(near)}?" if near else "name a package that is in the lock",
            )
    names = tuple(meant.values())
    settled = {lock.name: _settled(lock, names) for lock in locks if lock.from_pip}
    records = {lock.name: _settled_records(lock, names) for lock in locks if not lock.from_pip}
    # A variant is part of its parent's lock, as that lies there where it is not made newer itself.
    parents = {profile.variant_of for profile in profiles if profile.variant_of is not None} - set(settled)
    settled |= {name: _settled(intact_folder(opened.locks / name), ()) for name in sorted(parents)}
    kept = replace(opened, settled=settled, settled_records=records)
    return _narrowed(kept, profiles, names) or kept


def _narrowed(kept: Project, profiles: Sequence[Profile], names: Sequence[str]) -> Project | None:
    """``kept``, which asks the index about ``names`` alone, where each of them comes out at its newest release.

    None where that may take newer releases of others, which then all have to be asked for.
    """
    index = kept.index
    if not isinstance(index, LayeredIndex) or PYTHON in names or kept.settled_records:
        return None
    narrow = index.about(frozenset(map(pypi_name, names)))
    narrowed = replace(kept, index=narrow, spaces=Spaces(kept.matrices, narrow))
    for profile in profiles:
        try:
            solution = solve_profile(narrowed, profile)
        except InterlockError:
            return None
        space = narrowed.spaces.get(profile, solution.target.python, lockable_only=True)
        newest = _newest(space, with_interop(profile, kept.matrices), names)
        if any(pin.version != newest.get(str(pin.name), pin.version) for pin in solution.pins):
            return None
    return narrowed


def _newest(space: PackageSpace, profile: Profile, names: Sequence[str]) -> dict[str, str]:
    """The newest version of each of ``names`` that the request itself admits, where there is any."""
    masks = dict.fromkeys(names, -1)
    for ask in root_asks(space.choices, profile):
        if ask.ident in masks:
            masks[ask.ident] &= ask.mask
    found = {name: [one for one in space.candidates(name) if masks[name] >> one.position & 1] for name in names}
    return {name: candidates[0].version for name, candidates in found.items() if candidates}


def moved(opened: Project, after: Lock, names: Iterable[str]) -> Iterator[str]:
    """A line for each package that ``opened`` had settled at another version, and for each of ``names`` that stays."""
    then, now = _then(opened, after.profile.name), _now(after)
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{name} {then.get(name, 'not in it')} -> {now.get(name, 'not in it')}"
    for name in (_meant(opened, text, now) for text in names):
        if name in now and then.get(name) == now[name]:
            yield f"{name} {now[name]} stays: nothing newer goes with the request, python and frameworks of the lock"


def _then(opened: Project, profile: str) -> dict[str, str]:
    """Version by package of what was settled."""
    settled = opened.settled_records.get(profile)
    if settled is not None:
        return {record.name: record.version for record in settled.records}
    return {name: version for name, version in opened.settled[profile].versions.items() if is_package(name)}


def _now(after: Lock) -> dict[str, str]:
    if not FLAVOURS[after.profile.flavour].from_pip:
        return {record.name: record.version for record in after.closure.records}
    return {str(pin.name): pin.version for pin in after.solution.pins}


def _meant(opened: Project, text: str, present: Container[str]) -> str:
    """The package of a lock that ``text`` names, be it as the package index calls what conda has under another name."""
    if text.lower() in present:
        return text.lower()
    try:
        name = project(text)
    except BadName:
        raise BadInput(f"{shown(text)} is no name of a package", key=OPTION, fix="write it like pandas") from None
    twin = Names(opened.matrices).conda(name)
    return twin if name not in present and twin in present else name


def _versions(lock: LockFolder) -> dict[str, str]:
    """Version by package of what brings the frameworks, without the wheels that a lock brings itself."""
    if not lock.from_pip:
        return {record.name: record.version for record in lock.records}
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


def _settled_records(lock: LockFolder, names: Sequence[str]) -> SettledRecords:
    locked = {record.name: record.name for record in lock.records}
    return SettledRecords(lock.records, tuple(locked[name] for name in map(conda_name, names) if name in locked))
