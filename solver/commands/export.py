"""Other formats of a lock: `interlock export FORMAT PROFILE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from solver.commands.lock import Lock, make_lock
from solver.commands.project import Project
from solver.core.errors import BadInput
from solver.core.model import Profile
from solver.core.whole import put_whole
from solver.core.yamlfile import parse_yaml
from solver.index.conda_record import CondaRecord
from solver.lock.conda_section import KEY, read_conda_section
from solver.lock.constraints import constraints_txt
from solver.lock.explicit import base_explicit, explicit, explicit_filename
from solver.lock.pip_half import LockedWheel, locked_wheels
from solver.lock.pylock import pylock_toml
from solver.lock.solution import FILE as SOLUTION_FILE
from solver.matrix.names import Names


def export(project: Project, profile: Profile, form: str, *, compose: bool = False) -> Mapping[str, str | bytes]:
    """The files of a format by name, made from the profile's lock.

    Raises ``BadInput`` for a format that the profile cannot have, ``IndexUnavailable``
    where addresses are needed and the index does not answer.
    """
    lock = make_lock(project, profile)
    makers: dict[str, Callable[[], Mapping[str, str | bytes]]] = {
        "pylock.toml": lambda: {"pylock.toml": _pylock(lock)},
        "pixi.lock": lambda: {"pixi.lock": _pixi(lock, 7)},
        "pixi.lock-6": lambda: {"pixi.lock": _pixi(lock, 6)},
        "conda-lock": lambda: {"conda-lock.yml": _conda_lock(lock)},
        "explicit": lambda: _explicit(lock),
        "constraints.txt": lambda: {"constraints.txt": _constraints(project, lock)},
        "dockerfile": lambda: _dockerfile(project, lock, compose),
    }
    return makers[form]()


def _records(lock: Lock) -> tuple[CondaRecord, ...]:
    text = lock.files[SOLUTION_FILE].decode()
    data = parse_yaml(text, f"locks/{lock.profile.name}/{SOLUTION_FILE}").data
    section = data.get(KEY) if isinstance(data, dict) else None
    return read_conda_section(section, SOLUTION_FILE)


def _wheels(lock: Lock) -> tuple[LockedWheel, ...]:
    if lock.profile.flavour == "conda":
        return ()
    return locked_wheels(lock.solution, addresses_of([lock]), lock.wheels)


def _pylock(lock: Lock) -> str:

    if lock.profile.flavour == "conda":
        fix = "export explicit or conda-lock"
        raise BadInput("has no pip half for pylock.toml", key=lock.profile.name, fix=fix)
    return pylock_toml(lock.solution, addresses_of([lock]), lock.wheels)


def _pixi(lock: Lock, version: Literal[6, 7]) -> str:
    from solver.lock.pixi import pixi_lock

    platform = lock.solution.target.platform
    return pixi_lock(lock.profile, _records(lock), _wheels(lock), platform, version=version)


def _conda_lock(lock: Lock) -> str:
    from solver.lock.condalock import conda_lock_yml

    return conda_lock_yml(lock.profile, _records(lock), _wheels(lock), lock.solution.target.platform)


def _explicit(lock: Lock) -> dict[str, str]:
    platform = lock.solution.target.platform
    write = explicit if lock.profile.flavour == "conda" else base_explicit
    return {explicit_filename(lock.profile, platform): write(lock.profile, _records(lock), platform)}


def _dockerfile(project: Project, lock: Lock, compose: bool) -> Mapping[str, bytes]:
    from solver.commands.image import image_files

    packages = {str(pin.name): pin.version for pin in lock.solution.pins}
    if lock.profile.flavour == "conda":
        packages = {record.name: record.version for record in _records(lock)}
    return image_files(project, lock, packages, compose=compose)


def _constraints(project: Project, lock: Lock) -> str:
    pins = {str(pin.name): pin.version for pin in lock.solution.pins}
    return constraints_txt(lock.profile, pins, _records(lock), Names(project.matrices))


def write_pylock(project: Project, lock: Lock, addresses: Mapping[str, str]) -> None:
    """pylock.toml beside the lock; see ``solver.lock.pylock``."""
    text = pylock_toml(lock.solution, addresses, lock.wheels)
    put_whole(project.locks / lock.profile.name / "pylock.toml", text)


def addresses_of(locks: Sequence[Lock]) -> dict[str, str]:
    """Where the default index keeps the files of ``locks``, by file name; raises ``IndexUnavailable``."""
    from solver.index.pypi import PypiIndex

    index = PypiIndex()
    wanted = {file.filename: (pin.name, file) for lock in locks for pin in lock.solution.pins for file in pin.files}
    names = sorted({name for name, file in wanted.values() if file.url is None})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(index.releases, names))
    found = {}
    for filename, (_, file) in wanted.items():
        if file.url is None:
            found[filename] = index.address(file)
    return found
