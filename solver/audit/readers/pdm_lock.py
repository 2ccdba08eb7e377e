"""Reads pdm.lock, pdm's lock, the formats of pdm 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from solver.audit.package_set import Package, PackageSet, parsed
from solver.audit.readers.foreign import Foreign, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.numbered import Numbered, refuse_newer, wheels_alone
from solver.audit.readers.parts import Part
from solver.audit.readers.requirements import common_index
from solver.audit.readers.toml import TomlDocument, sha256_of
from solver.core import names
from solver.core.markers import applies, read_marker
from solver.core.model import pypi_name
from solver.core.versions import meets

DEFAULT = "default"
_NEWEST_MAJOR = 4


class _File(Foreign, frozen=True, kw_only=True):
    url: str | None = None
    file: str | None = None
    hash: str | None = None

    @property
    def address(self) -> str:
        """Where it lies."""
        return self.url or self.file or ""


class _Target(Foreign, frozen=True, kw_only=True):
    requires_python: str | None = None


class _Metadata(Foreign, frozen=True, kw_only=True):
    lock_version: str
    groups: tuple[str, ...] = ()
    targets: tuple[_Target, ...] = ()
    files: dict[str, tuple[_File, ...]] = msgspec.field(default_factory=dict)
    """By ``name version``, before lock version 4.4."""


class _Locked(Foreign, frozen=True, kw_only=True):
    """One ``[[package]]``."""

    name: str
    version: str
    groups: tuple[str, ...] | None = None
    requires_python: str | None = None
    marker: str | None = None
    extras: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    files: tuple[_File, ...] = ()
    git: str | None = None
    url: str | None = None
    path: str | None = None

    @property
    def origin(self) -> tuple[str, ...]:
        """The repository or the file that it is built from, where it comes from no index."""
        return tuple(one for one in (self.git, self.url, self.path) if one)


class _Head(Foreign, frozen=True, kw_only=True):
    metadata: _Metadata


class _Lock(Foreign, frozen=True, kw_only=True):
    metadata: _Metadata
    package: tuple[_Locked, ...] = ()


def groups_of_pdm(document: TomlDocument) -> tuple[str, ...]:
    """The lock's groups without the default one: extras and groups of development, which it does not tell apart."""
    return tuple(group for group in typed(document, _Head).metadata.groups if group != DEFAULT)


def pythons_of_pdm(document: TomlDocument) -> str | None:
    """The specifier of the pythons that the lock is for; None where it says none."""
    targets = typed(document, _Head).metadata.targets
    first = targets[0].requires_python if targets else None
    return None if first in (None, "", "*") else first


def read_pdm_lock(document: TomlDocument, environment: Mapping[str, str], part: Part) -> PackageSet:
    """What ``pdm install`` installs on the target: the default group, and those of ``part``.

    Raises ``BadInput`` naming the table and the key of what cannot be read.
    """
    written = typed(document, _Head).metadata.lock_version
    refuse_newer(document, written, "lock_version", _NEWEST_MAJOR, "pdm")
    lock = typed(document, _Lock)
    return _Reader(document, environment, lock.package, lock).read(part)


@dataclass(frozen=True)
class _Reader(Numbered):
    """One lock on one target."""

    lock: _Lock

    def read(self, part: Part) -> PackageSet:
        """The set of one part."""
        groups = {DEFAULT, *part.groups}
        chosen = [number for number in range(len(self.lock.package)) if self._is_installed(number, groups)]
        left = self.needed(chosen, {number: self._asks(number) for number in chosen})
        return self.set_of("pdm.lock", part, map(self._package, left), pythons_of_pdm(self.document))

    def _is_installed(self, number: int, groups: set[str]) -> bool:
        package = self.lock.package[number]
        # Without the strategy inherit_metadata the packages name neither groups nor markers.
        if package.groups is not None and not groups.intersection(package.groups):
            return False
        if package.requires_python and not meets(self.environment["python_full_version"], package.requires_python):
            return False
        with at(self.document, "package", number, "marker"):
            return package.marker is None or applies(read_marker(package.marker), self.environment)

    def _asks(self, number: int) -> list[tuple[str, bool]]:
        """The name of each dependency, and whether it counts on the target."""
        requirements = [one for text in self.lock.package[number].dependencies if (one := parsed(text)) is not None]
        with at(self.document, "package", number, "dependencies"):
            return [(pypi_name(one.name), applies(one.marker, self.environment)) for one in requirements]

    def _package(self, number: int) -> Package:
        locked = self.lock.package[number]
        files = locked.files or self.lock.metadata.files.get(f"{locked.name} {locked.version}", ())
        urls = [item.address for item in files]
        with at(self.document, "package", number):
            wheels = tuple(wheel for url in urls if (wheel := wheel_filename(url)))
            return Package(
                name=self.names[number],
                version=locked.version,
                extras=tuple(sorted(locked.extras)),
                index=common_index(urls),
                sources=locked.origin
                or tuple(url for url in urls[:1] if names.url_parts(url).scheme in ("http", "https")),
                hashes=tuple(digest for item in files if (digest := sha256_of(item.hash))),
                files=wheels_alone(wheels, urls),
                line=self.document.line("package", number),
            )
