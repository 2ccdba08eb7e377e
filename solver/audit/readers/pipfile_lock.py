"""Reads Pipfile.lock, pipenv's lock."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import Foreign, PlainDocument, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.parts import Part
from solver.audit.readers.requirements import once
from solver.audit.readers.toml import sha256_of
from solver.core import names
from solver.core.indexes import index_of
from solver.core.markers import applies, read_marker
from solver.core.model import pypi_name
from solver.core.versions import python_minor

DEFAULT = "default"
_META = "_meta"
_FIX = "write the lock anew with pipenv"


class _Source(Foreign, frozen=True, kw_only=True):
    name: str = ""
    url: str = ""


class _Requires(Foreign, frozen=True, kw_only=True):
    python_version: str | None = None
    python_full_version: str | None = None


class _Meta(Foreign, frozen=True, kw_only=True):
    requires: _Requires = _Requires()
    sources: tuple[_Source, ...] = ()


class _Locked(Foreign, frozen=True, kw_only=True):
    """One package of a category."""

    version: str | None = None
    markers: str | None = None
    index: str | None = None
    file: str | None = None
    path: str | None = None
    git: str | None = None
    extras: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


class _Head(Foreign, frozen=True, kw_only=True):
    meta: _Meta = msgspec.field(name=_META)


def python_of_pipfile_lock(document: PlainDocument) -> str | None:
    """The python (major.minor) that the lock was made for; None where it names none."""
    requires = typed(document, _Head, _FIX).meta.requires
    python = requires.python_version or requires.python_full_version
    return None if python is None else python_minor(python)


def categories(document: PlainDocument) -> tuple[str, ...]:
    """The names of the lock's categories (``develop``, and what the Pipfile calls its own), without the default one."""
    return tuple(key for key in document.data if key not in (_META, DEFAULT))


def read_pipfile_lock(document: PlainDocument, environment: Mapping[str, str], part: Part) -> PackageSet:
    """What ``pipenv sync`` installs on the target, with the categories of ``part``.

    Raises ``BadInput`` with the key of what cannot be read.
    """
    sources = typed(document, _Head, _FIX).meta.sources
    chosen = {key: document.data[key] for key in (DEFAULT, *sorted(part.groups))}
    lock = typed(PlainDocument(document.file, chosen), dict[str, dict[str, _Locked]], _FIX)
    indexes = {source.name: source.url for source in sources}
    packages = []
    for category, entries in lock.items():
        for name, entry in entries.items():
            with at(document, category, name, "markers", fix=_FIX):
                installed = entry.markers is None or applies(read_marker(entry.markers), environment)
            if installed:
                with at(document, category, name, fix=_FIX):
                    packages.append(_package(name, entry, indexes))
    return PackageSet(
        kind="Pipfile.lock",
        file=document.file,
        part=part.name,
        packages=once(packages, document.file),
        python=python_of_pipfile_lock(document),
        closed=True,
    )


def _package(name: str, entry: _Locked, indexes: Mapping[str, str]) -> Package:
    source = indexes.get(entry.index or "", "")
    address = entry.file or entry.path or entry.git or ""
    wheel = wheel_filename(address)
    version = entry.version.lstrip("=") or None if entry.version else None
    return Package(
        name=pypi_name(name),
        version=names.wheel(wheel).version if wheel else version,
        extras=tuple(sorted(entry.extras)),
        index=index_of(address or source),
        # pipenv looks for a package in the one index that it is locked for.
        sources=tuple(filter(None, (address or source,))),
        url=address if names.url_parts(address).scheme else None,
        hashes=tuple(digest for one in entry.hashes if (digest := sha256_of(one))),
        files=(wheel,) if wheel else (),
    )
