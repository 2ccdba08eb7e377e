"""pylock.toml (PEP 751), built with and checked by ``packaging.pylock``.

It needs the address of every file, which locks and snapshots never hold for the default
index; the caller asks the index for them, so the file is made on demand and not committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import tomli_w
from packaging.markers import Marker
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from solver.core.answer import NotKnown
from solver.core.errors import InterlockError
from solver.core.model import IndexFile, Pin, Solution, is_built
from solver.core.target import PLATFORM_NAMES
from solver.lock.requirements import LocalWheel

_Entry = TypeVar("_Entry", PackageSdist, PackageWheel)

CREATED_BY = "interlock"


def pylock_toml(solution: Solution, addresses: Mapping[str, str], wheels: Sequence[LocalWheel] = ()) -> str:
    """The file's text; ``addresses`` maps file names to URLs.

    Raises ``InterlockError`` where an address is missing.
    """
    packages = [_package(pin, addresses) for pin in solution.pins]
    packages += [_local(wheel) for wheel in wheels]
    python = solution.target.python
    lock = Pylock(
        lock_version=Version("1.0"),
        requires_python=SpecifierSet(f"=={python}.*"),
        environments=[Marker(_environment(solution))],
        created_by=CREATED_BY,
        packages=sorted(packages, key=lambda package: package.name),
    )
    lock.validate()
    return tomli_w.dumps(dict(lock.to_dict()), multiline_strings=False)


def _environment(solution: Solution) -> str:
    python, names = solution.target.python, PLATFORM_NAMES[solution.target.platform]
    system = f"sys_platform == '{names.sys_platform}' and platform_machine == '{names.machine}'"
    return f"python_version == '{python}' and {system}"


def _package(pin: Pin, addresses: Mapping[str, str]) -> Package:
    name, version = NormalizedName(pin.name), Version(pin.version)
    if is_built(pin.files):
        return Package(name=name, version=version, sdist=_file(PackageSdist, pin.files[0], addresses))
    files = [file for file in sorted(pin.files, key=lambda f: f.filename) if file.sha256]
    return Package(name=name, version=version, wheels=[_file(PackageWheel, file, addresses) for file in files])


def _file(kind: type[_Entry], file: IndexFile, addresses: Mapping[str, str]) -> _Entry:
    url = file.url or addresses.get(file.filename)
    if url is None:
        raise InterlockError(f"no address is known for {file.filename}")
    assert isinstance(file.sha256, str)
    return kind(
        name=file.filename,
        url=url,
        size=None if isinstance(file.size, NotKnown) else file.size,
        hashes={"sha256": file.sha256},
    )


def _local(wheel: LocalWheel) -> Package:
    entry = PackageWheel(
        name=wheel.filename, path=wheel.place, size=len(wheel.content), hashes={"sha256": wheel.sha256}
    )
    return Package(name=NormalizedName(wheel.name), version=Version(wheel.version), wheels=[entry])
