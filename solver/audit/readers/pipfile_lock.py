"""Reads Pipfile.lock, pipenv's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.markers import InvalidMarker, Marker

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.parts import Part
from solver.audit.readers.requirements import once, wheel_filename
from solver.audit.readers.toml import sha256_of
from solver.core import names
from solver.core.errors import BadInput
from solver.core.indexes import index_of
from solver.core.markers import applies
from solver.core.model import pypi_name
from solver.core.versions import minor

DEFAULT = "default"
_FIX = "write the lock anew with pipenv"


def python_of_pipfile(data: Mapping[str, Any]) -> str | None:
    """The python (major.minor) that the lock was made for; None where it names none."""
    requires = _mapping(_mapping(data.get("_meta")).get("requires"))
    python = requires.get("python_version") or requires.get("python_full_version")
    return None if python is None else minor(str(python))


def categories(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the lock's categories (``develop``, and what the Pipfile calls its own), without the default one."""
    return tuple(key for key, value in data.items() if key not in ("_meta", DEFAULT) and isinstance(value, Mapping))


def read_pipfile_lock(data: Mapping[str, Any], file: str, environment: Mapping[str, str], part: Part) -> PackageSet:
    """What ``pipenv sync`` installs on the target, with the categories of ``part``.

    Raises ``BadInput`` with the key of what cannot be read.
    """
    sources = _mapping(data.get("_meta")).get("sources", ())
    indexes = {str(one.get("name")): str(one.get("url")) for one in sources if isinstance(one, Mapping)}
    packages = [
        package
        for category in (DEFAULT, *sorted(part.groups))
        for name, entry in _mapping(data.get(category)).items()
        if (package := _package(name, entry, file, category, environment, indexes)) is not None
    ]
    return PackageSet(
        kind="Pipfile.lock",
        file=file,
        part=part.name,
        packages=once(packages, file),
        python=python_of_pipfile(data),
        closed=True,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _package(
    name: str,
    entry: object,
    file: str,
    category: str,
    environment: Mapping[str, str],
    indexes: Mapping[str, str],
) -> Package | None:
    key = f"{category}.{name}"
    if not isinstance(entry, Mapping):
        raise BadInput("expected a mapping", file=file, key=key, fix=_FIX)
    marker = entry.get("markers")
    try:
        if marker is not None and not applies(Marker(str(marker)), environment):
            return None
    except InvalidMarker:
        raise BadInput(f"expected a marker, found {marker!r}", file=file, key=f"{key}.markers", fix=_FIX) from None
    source = indexes.get(str(entry.get("index")), "")
    address = str(entry.get("file") or entry.get("path") or "")
    wheel = wheel_filename(address)
    version = entry.get("version")
    hashes = entry.get("hashes", ())
    return Package(
        name=pypi_name(name),
        version=names.wheel(wheel).version if wheel else str(version).lstrip("=") if version else None,
        extras=tuple(sorted(map(str, entry.get("extras", ())))),
        index=index_of(address or source),
        # pipenv looks for a package in the one index that it is locked for.
        sources=() if address or not source else (source,),
        url=address if names.url_parts(address).scheme else None,
        hashes=tuple(digest for one in hashes if (digest := sha256_of(one))),
        files=(wheel,) if wheel else (),
    )
