"""Reads poetry.lock, all its formats since 1.0; those before 2.1 name no markers of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import Foreign, Hyphened, at, typed
from solver.audit.readers.numbered import Numbered, refuse_newer, wheels_alone
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.toml import TomlDocument, sha256_of
from solver.core.indexes import index_of
from solver.core.markers import applies, names_an_extra, read_marker, with_extras
from solver.core.model import pypi_name
from solver.core.poetry import poetry_specifier
from solver.core.versions import meets, version_or_none, within
from solver.core.yamlfile import Key

_NEWEST_MAJOR = 2
_MAIN = "main"


class _Source(Foreign, frozen=True, kw_only=True):
    type: str | None = None
    url: str = ""


class _File(Foreign, frozen=True, kw_only=True):
    file: str = ""
    hash: str | None = None


class _Form(Foreign, frozen=True, kw_only=True):
    """One form of a dependency that the target chooses among."""

    version: str = "*"
    optional: bool = False
    markers: str | None = None


class _Locked(Hyphened, frozen=True, kw_only=True):
    """One ``[[package]]``."""

    name: str
    version: str
    optional: bool = False
    python_versions: str | None = None
    groups: tuple[str, ...] | None = None
    """None before 2.1."""
    markers: str | dict[str, str] | None = None
    """For all, or by group."""
    dependencies: dict[str, str | _Form | tuple[str | _Form, ...]] = msgspec.field(default_factory=dict)
    files: tuple[_File, ...] = ()
    source: _Source = _Source()


class _Metadata(Hyphened, frozen=True, kw_only=True):
    lock_version: str
    python_versions: str | None = None
    files: dict[str, tuple[_File, ...]] = msgspec.field(default_factory=dict)
    """By package, before 2.0."""


class _Head(Foreign, frozen=True, kw_only=True):
    metadata: _Metadata


class _Lock(Foreign, frozen=True, kw_only=True):
    metadata: _Metadata
    extras: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    package: tuple[_Locked, ...] = ()


def pythons_of_poetry(document: TomlDocument) -> str | None:
    """The specifier of the pythons that the lock is for; None where it says none, or in poetry's own notation."""
    return _plain(typed(document, _Head).metadata.python_versions)


def read_poetry_lock(document: TomlDocument, environment: Mapping[str, str], choice: Choice) -> tuple[PackageSet, ...]:
    """What ``poetry install`` would install on the target: all groups without extras, then with each extra.

    A choice of groups leaves out all others but ``main``. Raises ``BadInput`` naming the table and the key
    of what cannot be read.
    """
    written = typed(document, _Head).metadata.lock_version
    refuse_newer(document, written, "lock-version", _NEWEST_MAJOR, "poetry")
    lock = typed(document, _Lock)
    with at(document, "extras"):
        extras = [pypi_name(name) for name in lock.extras]
    groups = [group for package in lock.package for group in package.groups or ()]
    chosen = replace(choice, extras=tuple(pypi_name(name) for name in choice.extras))
    # Without a choice all groups are installed, each of them beside the others.
    parts = parts_of(chosen, extras, groups if choice.groups else (), document.file, packages=len(lock.package))
    reader = _Reader(document, environment, lock.package, lock)
    return tuple(reader.read(part) for part in parts)


def _texts(markers: str | Mapping[str, str] | None) -> Iterable[str]:
    """The marker for all, or that of each group."""
    if markers is None:
        return ()
    return (markers,) if isinstance(markers, str) else markers.values()


def _plain(versions: str | None) -> str | None:
    """Poetry's python range as a specifier; None where it is in poetry's own notation."""
    try:
        return str(SpecifierSet(versions)) if versions not in (None, "*") else None
    except (InvalidSpecifier, ValueError):
        return None


@dataclass(frozen=True)
class _Reader(Numbered):
    """One lock on one target."""

    lock: _Lock

    def read(self, part: Part) -> PackageSet:
        """The set of one part."""
        chosen = [number for number in range(len(self.lock.package)) if self._is_installed(number, part)]
        if all(self.lock.package[number].groups is None for number in chosen):  # written before 2.1, without markers
            reached = self._with_roots(chosen, part)
            chosen = self._one_of_each(self.needed(reached, {number: self._asks(number) for number in reached}))
        pythons = _plain(self.lock.metadata.python_versions)
        return self.set_of("poetry.lock", part, map(self._package, chosen), pythons)

    @cached_property
    def _by_name(self) -> Mapping[str, list[int]]:
        """Numbers of the packages for the target's python."""
        by_name: dict[str, list[int]] = {}
        for number, name in enumerate(self.names):
            if self._fits_python(number):
                by_name.setdefault(name, []).append(number)
        return by_name

    def _with_roots(self, chosen: list[int], part: Part) -> list[int]:
        """``chosen`` and, in formats before 2.1, what the extras of ``part`` ask for, with all that this asks for."""
        with at(self.document, "extras"):
            named = [roots for name, roots in self.lock.extras.items() if pypi_name(name) in part.extras]
            waiting: list[str] = [pypi_name(root.partition(" ")[0]) for roots in named for root in roots]
        reached = dict.fromkeys(chosen)
        while waiting:
            for number in self._by_name.get(waiting.pop(), ()):
                if number not in reached:
                    reached[number] = None
                    waiting += [name for name, markers in self._dependencies(number) if markers]
        return sorted(reached)

    def _one_of_each(self, numbers: list[int]) -> list[int]:
        """``numbers`` with one of the versions of each name: as poetry takes it, the newest that suits all who ask."""
        of_name: dict[str, list[int]] = {}
        for number in numbers:
            of_name.setdefault(self.names[number], []).append(number)
        several = {name: those for name, those in of_name.items() if len(those) > 1}
        bounds = [bound for number in numbers for bound in self._bounds(number)] if several else []
        for name, those in several.items():
            asked = [specifier for other, specifier in bounds if other == name]
            suiting = [number for number in those if all(self._meets(number, specifier) for specifier in asked)]
            served = [number for number in suiting if self._is_served(number, of_name)]
            of_name[name] = [max(served or suiting or those, key=self._version)]
        return sorted(number for those in of_name.values() for number in those)

    def _version(self, number: int) -> Version:
        return version_or_none(self.lock.package[number].version) or Version("0")

    def _meets(self, number: int, specifier: str) -> bool:
        return meets(self.lock.package[number].version, specifier)

    def _is_served(self, number: int, of_name: Mapping[str, list[int]]) -> bool:
        """Whether of all that a package asks for the lock has a version that suits it."""
        return all(
            any(self._meets(other, specifier) for other in of_name[name])
            for name, specifier in self._bounds(number)
            if name in of_name
        )

    def _bounds(self, number: int) -> Iterator[tuple[str, str]]:
        """The name of each dependency that counts on the target, and the specifier within which it is asked for."""
        for name, value in self.lock.package[number].dependencies.items():
            for form in value if isinstance(value, tuple) else (value,):
                said = _Form(version=form) if isinstance(form, str) else form
                if not said.markers or self._holds(said.markers, (), number, "dependencies", name):
                    yield canonicalize_name(name), poetry_specifier(said.version)

    def _is_installed(self, number: int, part: Part) -> bool:
        package = self.lock.package[number]
        # Of what is optional formats since 2.1 say by which extra it comes; the older ones list the roots.
        if package.optional and not any(map(names_an_extra, _texts(package.markers))):
            return False
        groups = frozenset(package.groups or ())
        taken = groups & {_MAIN, *part.groups} if part.groups else groups
        if groups and not taken:
            return False
        return self._markers_hold(number, taken, part.extras) and self._fits_python(number)

    def _markers_hold(self, number: int, taken: frozenset[str], extras: frozenset[str]) -> bool:
        """Whether the marker of the package, or that of one of the groups ``taken``, holds."""
        markers = self.lock.package[number].markers
        if not isinstance(markers, dict):
            return markers is None or self._holds(markers, extras, number, "markers")
        by_group = {group: text for group, text in markers.items() if group in taken}
        # A group without a marker of its own asks for the package everywhere.
        everywhere = not by_group or bool(taken - set(by_group))
        return everywhere or any(
            self._holds(text, extras, number, "markers", group) for group, text in by_group.items()
        )

    def _fits_python(self, number: int) -> bool:
        pythons = _plain(self.lock.package[number].python_versions)
        return pythons is None or within(self.environment["python_full_version"], pythons)

    def _holds(self, text: str, extras: Iterable[str], number: int, *keys: Key) -> bool:
        with at(self.document, "package", number, *keys):
            return applies(read_marker(with_extras(text, frozenset(extras))), self.environment)

    def _asks(self, number: int) -> list[tuple[str, bool]]:
        """The name of each dependency, and whether it counts on the target."""
        return [
            (name, any(text is None or self._holds(text, (), number, "dependencies", name) for text in markers))
            for name, markers in self._dependencies(number)
            if markers
        ]

    def _dependencies(self, number: int) -> Iterator[tuple[str, list[str | None]]]:
        """Name and markers of each dependency, None for one that holds everywhere; none for one of an extra."""
        for name, value in self.lock.package[number].dependencies.items():
            forms = value if isinstance(value, tuple) else (value,)
            # An optional dependency belongs to an extra, and the lock does not say who takes that.
            mandatory = [form for form in forms if isinstance(form, str) or not form.optional]
            with at(self.document, "package", number, "dependencies", name):
                normalized = pypi_name(name)
            yield normalized, [None if isinstance(form, str) else form.markers for form in mandatory]

    def _package(self, number: int) -> Package:
        locked = self.lock.package[number]
        # Before 2.0 the hashes stood at the end.
        files = locked.files or self.lock.metadata.files.get(locked.name, ())
        wheels = tuple(item.file for item in files if item.file.endswith(".whl"))
        address = locked.source.url
        with at(self.document, "package", number):
            return Package(
                name=self.names[number],
                version=locked.version,
                index=index_of(address),
                # An index, or the file or repository that it is built from.
                sources=(address,) if address else (),
                hashes=tuple(digest for item in files if (digest := sha256_of(item.hash))),
                files=wheels_alone(wheels, files),
                line=self.document.line("package", number),
            )
