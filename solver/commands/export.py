"""Other formats of the lock that lies there: `interlock export FORMAT PROFILE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from solver.commands.image import image_files
from solver.commands.locked import LockedProfile, locked_profile
from solver.commands.project import Project
from solver.core.acceptance import accepting
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.flavours import explicit_filename
from solver.core.model import IndexFile, Solution, pypi_name
from solver.core.names import wheel
from solver.core.threads import thread_pool
from solver.core.whole import put_whole
from solver.index.conda_record import CondaRecord
from solver.index.layered import LayeredIndex
from solver.index.private import LiveIndexes
from solver.index.pypi import PypiIndex
from solver.lock.condalock import conda_lock_yml
from solver.lock.constraints import constraints_txt
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.explicit import base_explicit, explicit
from solver.lock.folder import LockFolder
from solver.lock.pip_half import LockedWheel, locked_wheels
from solver.lock.pixi import pixi_lock
from solver.lock.pixi_manifest import MANIFEST, pixi_toml
from solver.lock.pylock import pylock_toml
from solver.lock.requirements import about
from solver.matrix.names import Names

Exported = Mapping[str, str | bytes]
"""Files by POSIX name."""


def export(project: Project, name: str, form: str, *, compose: bool = False) -> Exported:
    """The files of a format, one of ``FORMATS``, made from the lock of the profile called ``name``.

    Nothing is solved. Raises ``BadInput`` where there is no such lock or it cannot have the format,
    ``IndexUnavailable`` where addresses are needed and the index does not answer.
    """
    return FORMATS[form].write(project, name, compose)


def _accepting(folder: LockFolder, files: Exported) -> Exported:
    """``files`` with what the lock accepts, so that they are judged like it."""
    accepted = folder.accepted
    return {
        file: accepting(content, accepted) if isinstance(content, str) and accepted else content
        for file, content in files.items()
    }


def write_export(
    project: Project, name: str, form: str, folder: Path | None = None, *, compose: bool = False
) -> tuple[Path, ...]:
    """Write the files of ``export`` into ``folder``, by default the project's exports/``name``; returns their paths."""
    folder = folder or project.root / "exports" / name
    exported = export(project, name, form, compose=compose)
    for file, content in exported.items():
        put_whole(folder / file, content)
    return tuple(folder / file for file in exported)


def _records(lock: LockedProfile) -> tuple[CondaRecord, ...]:
    if not lock.records:
        why = lock.folder.solution.conda.not_written or "its solution.yaml holds no conda packages"
        raise BadInput(f"has no conda half: {why}", key=lock.profile.name, fix="export pylock.toml or constraints.txt")
    return lock.records


def _wheels(lock: LockedProfile, index: PypiIndex, local: str = "./wheels") -> tuple[LockedWheel, ...]:
    return locked_wheels(lock.solution, addresses_of([lock.solution], index), lock.wheels, local)


def _with_own_wheels(lock: LockedProfile, files: Mapping[str, str]) -> Exported:
    """``files``, which name the lock's own wheels as lying beside them, with these wheels."""
    own = {wheel.place: wheel.content for wheel in lock.wheels}
    return {**_accepting(lock.folder, files), **own}


def _asking(project: Project, name: str) -> tuple[LockedProfile, PypiIndex]:
    """The lock, and the live index that knows the addresses of its files."""
    live = LiveIndexes(project.snapshot.bindings)
    return locked_profile(project, name, LayeredIndex(project.snapshot, live, whole=True)), live.default


def _pylock(project: Project, name: str) -> Exported:
    lock, live = _asking(project, name)
    if lock.folder.requirements is None:
        raise BadInput("has no pip half for pylock.toml", key=name, fix="export explicit or conda-lock")
    text = pylock_toml(lock.solution, addresses_of([lock.solution], live), lock.wheels)
    return _with_own_wheels(lock, {"pylock.toml": text})


def _pixi(project: Project, name: str, version: Literal[6, 7]) -> Exported:
    lock, live = _asking(project, name)
    records, platform = _records(lock), lock.solution.target.platform
    wheels, virtual = _wheels(lock, live), lock.folder.solution.conda.virtual or {}
    text = pixi_lock(lock.profile, records, wheels, platform, version=version, virtual=virtual)
    manifest = pixi_toml(lock.profile, records, wheels, platform, virtual)
    return _with_own_wheels(lock, {"pixi.lock": text, MANIFEST: manifest})


def _conda_lock(project: Project, name: str) -> Exported:
    lock, live = _asking(project, name)
    records, platform = _records(lock), lock.solution.target.platform
    # conda-lock hands the address to pip, to which a path without a scheme is none.
    text = conda_lock_yml(lock.profile, records, _wheels(lock, live, "file:wheels"), platform)
    return _with_own_wheels(lock, {"conda-lock.yml": text})


def _explicit(project: Project, name: str) -> Exported:
    lock = locked_profile(project, name)
    target = lock.folder.target
    write = explicit if lock.folder.requirements is None else base_explicit
    text = write(lock.profile, _records(lock), target)
    return _accepting(lock.folder, {explicit_filename(lock.profile.flavour, target.platform): text})


def _environment(project: Project, name: str) -> Exported:
    lock = locked_profile(project, name)
    virtual = lock.folder.solution.conda.virtual or {}
    half = CondaHalf(lock.folder.target, _records(lock), virtual, by_hash=True)
    text = environment_yml(lock.profile, half, lock.folder.lines)
    return _with_own_wheels(lock, {"environment.yml": text})


def _constraints(project: Project, name: str) -> Exported:
    lock = locked_profile(project, name)
    pins = {str(pin.name): pin.installs for pin in lock.folder.pins}
    text = constraints_txt(lock.profile, pins, lock.records, Names(project.matrices), about(lock.solution))
    return _accepting(lock.folder, {"constraints.txt": text})


def _dockerfile(project: Project, name: str, compose: bool) -> Exported:
    return image_files(project, locked_profile(project, name), compose=compose)


@dataclass(frozen=True)
class Format:
    """One format of export."""

    write: Callable[[Project, str, bool], Exported]
    """Its files, of a profile by its name; the last argument asks for a compose file too."""
    composes: bool = False
    """Whether it can have a compose file."""


FORMATS: Mapping[str, Format] = {
    "pylock.toml": Format(lambda project, name, _: _pylock(project, name)),
    "pixi.lock": Format(lambda project, name, _: _pixi(project, name, 7)),
    "pixi.lock-6": Format(lambda project, name, _: _pixi(project, name, 6)),
    "conda-lock": Format(lambda project, name, _: _conda_lock(project, name)),
    "environment.yml": Format(lambda project, name, _: _environment(project, name)),
    "explicit": Format(lambda project, name, _: _explicit(project, name)),
    "constraints.txt": Format(lambda project, name, _: _constraints(project, name)),
    "dockerfile": Format(lambda project, name, compose: _dockerfile(project, name, compose), composes=True),
}
"""In the order in which they are listed."""


def write_pylocks(project: Project, names: Sequence[str], *, asking: bool) -> bool:
    """pylock.toml beside every lock of ``names`` that has a pip half; whether they are all there.

    Without ``asking`` only addresses that the index told before serve. Raises ``IndexUnavailable``.
    """
    locks = [lock for lock in (locked_profile(project, name) for name in names) if lock.folder.requirements is not None]
    solutions, index = [lock.solution for lock in locks], _default_index(project)
    addresses = addresses_of(solutions, index) if asking else addresses_at_hand(solutions, index)
    if addresses is None:
        return False
    for lock in locks:
        text = pylock_toml(lock.solution, addresses, lock.wheels)
        put_whole(lock.folder.path / "pylock.toml", accepting(text, lock.folder.accepted))
    return True


def _default_index(project: Project) -> PypiIndex:
    """The live index, and where the project asked it already, with all that it told."""
    live = project.index.live if isinstance(project.index, LayeredIndex) else None
    return live.default if isinstance(live, LiveIndexes) else PypiIndex()


def addresses_at_hand(solutions: Sequence[Solution], index: PypiIndex) -> dict[str, str] | None:
    """As ``addresses_of``, of what the index told before; None where that is not all."""
    addresses: dict[str, str] = {}
    for file in _files(solutions).values():
        address = index.address_at_hand(file)
        if address is None:
            return None
        addresses[file.filename] = address
    return addresses


def addresses_of(solutions: Sequence[Solution], index: PypiIndex) -> dict[str, str]:
    """Where the default index keeps the files of ``solutions``, by file name; raises ``IndexUnavailable``."""
    files = _files(solutions)
    lacking = {wheel(file.filename).project for file in files.values() if index.address_at_hand(file) is None}
    with thread_pool(8) as pool:
        list(pool.map(index.releases, sorted(map(pypi_name, lacking))))
    return {filename: index.address_at_hand(file) or index.address(file) for filename, file in files.items()}


def _files(solutions: Sequence[Solution]) -> dict[str, IndexFile]:
    """The files of the default index in ``solutions``, by name."""
    files: dict[str, IndexFile] = {}
    for pin in (pin for solution in solutions for pin in solution.pins):
        if not pin.files:
            raise IndexUnavailable(f"the package index does not list what the lock holds of {pin.name} {pin.version}")
        files |= {file.filename: file for file in pin.files if file.url is None}
    return files
