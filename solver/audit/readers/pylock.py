"""Reads pylock.toml (PEP 751), with packaging's own reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.requirements import common_index, once
from solver.audit.readers.toml import Table, Tables
from solver.core import names
from solver.core.errors import BadInput
from solver.core.markers import applies_in_pylock
from solver.core.model import pypi_name

if TYPE_CHECKING:
    from packaging.pylock import Package as LockedPackage


def read_pylock(data: Table, text: str, file: str, environment: Mapping[str, str]) -> PackageSet:
    """The packages whose markers hold on the target, without extras, with the default groups.

    Raises ``BadInput`` for what the specification does not admit.
    """
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    tables = Tables(data, text, file, "packages")
    try:
        lock = Pylock.from_dict(data)
    except PylockUnsupportedVersionError as error:
        raise BadInput(
            str(error), file=file, key="lock-version", fix="update interlock, or write the older format"
        ) from None
    except PylockValidationError as error:
        number = _number(error.context or "")
        raise BadInput(
            error.message,
            file=file,
            line=None if number is None else tables.line(number),
            key=error.context,
            fix="write the lock anew with the tool that made it",
        ) from None
    packages = [
        _package(package, tables.line(number))
        for number, package in enumerate(lock.packages)
        if applies_in_pylock(package.marker, environment, lock.default_groups or ())
    ]
    return PackageSet(
        kind="pylock",
        file=file,
        packages=once(packages, file),
        requires_python=None if lock.requires_python is None else str(lock.requires_python),
        closed=True,
    )


def _number(context: str) -> int | None:
    """3 of ``packages[3].wheels[0].size``."""
    inside = context.partition("[")[2].partition("]")[0]
    return int(inside) if context.startswith("packages[") and inside.isdigit() else None


def _package(package: LockedPackage, line: int | None) -> Package:
    wheels = list(package.wheels or ())
    hashes = [wheel.hashes.get("sha256") for wheel in wheels]
    urls = [wheel.url for wheel in wheels if wheel.url]
    if package.sdist is not None:
        hashes.append(package.sdist.hashes.get("sha256"))
    return Package(
        name=pypi_name(package.name),
        version=None if package.version is None else str(package.version),
        index=common_index(urls),
        sources=tuple(urls[:1]),
        hashes=tuple(digest.lower() for digest in hashes if digest),
        # With an sdist beside them the wheels are not all that can be installed.
        files=() if package.sdist is not None else tuple(filter(None, map(_file_name, wheels))),
        line=line,
    )


def _file_name(wheel: object) -> str | None:
    name, url, path = (getattr(wheel, key, None) for key in ("name", "url", "path"))
    if name:
        return str(name)
    return unquote(names.url_parts(str(url or path)).path.rpartition("/")[2]) if url or path else None
