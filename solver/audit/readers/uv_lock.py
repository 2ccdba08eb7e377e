"""Reads uv.lock: one lock for every platform and python, resolved here for one target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import AGAIN, Hyphened, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.requirements import common_index
from solver.audit.readers.toml import TomlDocument, sha256_of
from solver.core.errors import BadInput
from solver.core.markers import applies, read_marker, with_extras
from solver.core.model import pypi_name
from solver.core.names import brief, url_parts
from solver.core.yamlfile import Key

_NEWEST = 1
_DEV = "dev"
"""The group that uv installs where nobody says which; the lock does not tell whether a project chose others."""


class _Version(Hyphened, frozen=True, kw_only=True):
    version: int


class _Source(Hyphened, frozen=True, kw_only=True):
    """Where a package comes from: one of these."""

    registry: str | None = None
    url: str | None = None
    git: str | None = None
    path: str | None = None
    subdirectory: str | None = None
    virtual: str | None = None
    editable: str | None = None
    directory: str | None = None

    @property
    def folder(self) -> str | None:
        """The folder that it is built from, or that only its dependencies are read from; None: it comes from none."""
        return next((one for one in (self.virtual, self.editable, self.directory) if one is not None), None)

    @property
    def address(self) -> str:
        """Where it is fetched from, or built from: an index, a file, a repository, a folder."""
        return self.registry or self.url or self.git or self.path or self.folder or ""


class _Dependency(Hyphened, frozen=True, kw_only=True):
    name: str
    version: str | None = None
    source: _Source | None = None
    marker: str | None = None
    extra: tuple[str, ...] = ()


class _File(Hyphened, frozen=True, kw_only=True):
    url: str | None = None
    filename: str | None = None
    path: str | None = None
    hash: str | None = None

    @property
    def address(self) -> str:
        """Where it lies."""
        return self.url or self.filename or self.path or ""


class _Locked(Hyphened, frozen=True, kw_only=True):
    """One ``[[package]]``."""

    name: str
    version: str | None = None
    source: _Source = _Source()
    dependencies: tuple[_Dependency, ...] = ()
    optional_dependencies: dict[str, tuple[_Dependency, ...]] = msgspec.field(default_factory=dict)
    dev_dependencies: dict[str, tuple[_Dependency, ...]] = msgspec.field(default_factory=dict)
    wheels: tuple[_File, ...] = ()
    sdist: _File | None = None


class _Conflicting(Hyphened, frozen=True, kw_only=True):
    package: str
    extra: str | None = None
    group: str | None = None

    @property
    def marked(self) -> tuple[str, ...]:
        """What it is, as markers name it."""
        kinds = (("extra", self.extra), ("group", self.group))
        return tuple(_marked(kind, self.package, name) for kind, name in kinds if name is not None)


class _Override(Hyphened, frozen=True, kw_only=True):
    name: str
    specifier: str = ""


class _Manifest(Hyphened, frozen=True, kw_only=True):
    members: tuple[str, ...] = ()
    """The projects of the workspace, where it has several."""
    overrides: tuple[_Override, ...] = ()


class _Lock(Hyphened, frozen=True, kw_only=True):
    manifest: _Manifest = _Manifest()
    requires_python: str | None = None
    conflicts: tuple[tuple[_Conflicting, ...], ...] = ()
    package: tuple[_Locked, ...]

    @property
    def conflicting(self) -> list[frozenset[str]]:
        """The extras and groups of which no two may be installed, by the names that markers give them."""
        return [frozenset(name for item in one for name in item.marked) for one in self.conflicts]


class _Head(Hyphened, frozen=True, kw_only=True):
    requires_python: str | None = None


def pythons_of_uv(document: TomlDocument) -> str | None:
    """The specifier of the pythons that the lock is for; None where it says none."""
    return typed(document, _Head).requires_python


def read_uv_lock(document: TomlDocument, environment: Mapping[str, str], choice: Choice) -> tuple[PackageSet, ...]:
    """What ``uv sync`` would install on the target: the projects' dependencies and their group ``dev``.

    Then the same with each extra and with each other group, or with those of ``choice``.
    Raises ``BadInput`` naming the table and the key of what cannot be read.
    """
    version = typed(document, _Version).version
    if version != _NEWEST:
        fix = "update interlock, or write the lock with a uv of that version"
        raise document.error(f"expected version {_NEWEST}, found {version}", "version", fix=fix)
    lock = typed(document, _Lock)
    local = _projects(lock)
    if not local:
        problem = "expected a package whose source is virtual, editable or directory: the project itself"
        raise document.error(problem, "package")
    extras = [name for number in local for name in lock.package[number].optional_dependencies]
    groups = [name for number in local for name in lock.package[number].dev_dependencies]
    # The group that is installed anyhow is no set beside the plain one, but may be chosen.
    offered = [name for name in groups if name != _DEV or name in choice.groups]
    parts = parts_of(choice, extras, offered, document.file, packages=len(lock.package))
    shared = _Shared(document, lock, environment, local)
    return tuple(_set(shared, part) for part in parts)


def _projects(lock: _Lock) -> list[int]:
    """Numbers of the lock's own projects: the one of its folder and the members of its workspace.

    Another package that is built from a folder is a dependency like any other; where nothing tells, it is a project.
    """
    local = {number: one for number, one in enumerate(lock.package) if one.source.folder is not None}
    members = lock.manifest.members
    own = [number for number, one in local.items() if one.source.folder == "." or one.name in members]
    return own or list(local)


def _marked(kind: str, package: str, name: str) -> str:
    """How a marker of uv names an extra or a group of one package."""
    return f"{kind}-{len(package)}-{package}-{name}"


@dataclass(frozen=True)
class _Shared:
    """The lock, and what its sets have in common: each package and each marker is read once, in however many it is."""

    document: TomlDocument
    lock: _Lock
    environment: Mapping[str, str]
    local: list[int]
    """Numbers of the lock's own projects."""
    holding: dict[str, bool] = field(default_factory=dict)
    """Whether each marker holds that was met, its extras filled in."""
    packages: dict[tuple[int, tuple[str, ...]], Package] = field(default_factory=dict)
    """The packages that were made, by number and extras."""

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str | None, _Source | None], int]:
        """Number of the first package of each name, version and source, each of which may be left open."""
        numbers: dict[tuple[str, str | None, _Source | None], int] = {}
        for number, package in enumerate(self.lock.package):
            for version in (None, package.version):
                for source in (None, package.source):
                    numbers.setdefault((package.name, version, source), number)
        return numbers

    def holds(self, marker: str) -> bool:
        """Whether a marker holds; raises ``BadMarker``."""
        if marker not in self.holding:
            self.holding[marker] = applies(read_marker(marker), self.environment)
        return self.holding[marker]

    def package(self, number: int, extras: tuple[str, ...]) -> Package:
        """The package of that number with these extras."""
        key = (number, extras)
        if key not in self.packages:
            self.packages[key] = _package(self.document, self.lock, number, extras)
        return self.packages[key]


def _set(shared: _Shared, part: Part) -> PackageSet:
    lock = shared.lock
    projects = [lock.package[number].name for number in shared.local]
    active = {
        *(_marked("extra", project, name) for project in projects for name in part.extras),
        *(_marked("group", project, name) for project in projects for name in part.groups),
    }
    for conflict in lock.conflicting:
        if len(conflict & active) > 1:
            problem = f"{part.name} cannot be installed together, as the lock says"
            raise BadInput(problem, file=shared.document.file, key="conflicts", fix="choose one of them")
    dev = {_marked("group", project, _DEV) for project in projects}
    # uv wants its default group left out beside what it conflicts with.
    with_dev = not any(conflict & active and conflict & dev for conflict in lock.conflicting)
    groups = part.groups | ({_DEV} if with_dev else set())
    walk = _Walk(shared, active=frozenset(active | (dev if with_dev else set())))
    walk.run(part.extras, groups)
    return PackageSet(
        kind="uv.lock",
        file=shared.document.file,
        part=part.name,
        packages=tuple(
            shared.package(number, walk.chosen[number])
            for number in sorted(walk.chosen)
            if lock.package[number].source.virtual is None  # of which nothing but the dependencies is installed
        ),
        requires_python=lock.requires_python,
        overrides=tuple((pypi_name(one.name), one.specifier) for one in lock.manifest.overrides),
        closed=True,
    )


_Waiting = tuple[int, tuple[_Dependency, ...], tuple[Key, ...]]
"""What one package asks for: its number, the dependencies and the keys under which they stand."""


@dataclass
class _Walk:
    """Follows the dependencies from the lock's own projects."""

    shared: _Shared
    active: frozenset[str]
    """The extras and groups that are installed, as markers name them."""
    chosen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Number of each package that is reached, with its extras."""
    entered: set[tuple[int, str]] = field(default_factory=set)
    """Extras of the projects that were followed."""
    waiting: list[_Waiting] = field(default_factory=list)
    """What is still to be followed."""
    holding: dict[str, bool] = field(default_factory=dict)
    """Whether each marker holds here that was met."""

    def run(self, extras: Iterable[str], groups: Iterable[str]) -> None:
        for number in self.shared.local:
            package = self.shared.lock.package[number]
            self.waiting.append((number, package.dependencies, ("dependencies",)))
            self._wait_for(number, "optional-dependencies", package.optional_dependencies, sorted(extras))
            self._wait_for(number, "dev-dependencies", package.dev_dependencies, sorted(groups))
        while self.waiting:
            number, dependencies, keys = self.waiting.pop()
            for position, dependency in enumerate(dependencies):
                if self._applies(dependency, number, (*keys, position)):
                    self._enter(dependency, number, keys)

    def _wait_for(
        self, number: int, key: str, parts: Mapping[str, tuple[_Dependency, ...]], names: Iterable[str]
    ) -> None:
        for name in names:
            if name in parts and (number, f"{key} {name}") not in self.entered:
                if number in self.shared.local:
                    self.entered.add((number, f"{key} {name}"))
                self.waiting.append((number, parts[name], (key, name)))

    def _applies(self, dependency: _Dependency, number: int, keys: tuple[Key, ...]) -> bool:
        marker = dependency.marker
        if marker is None:
            return True
        if marker not in self.holding:
            with at(self.shared.document, "package", number, *keys, "marker"):
                self.holding[marker] = self.shared.holds(with_extras(marker, self.active))
        return self.holding[marker]

    def _enter(self, dependency: _Dependency, asking: int, keys: tuple[Key, ...]) -> None:
        """Choose what a dependency names, and follow it where it, or an extra of it, was not chosen before."""
        number = self._number(dependency, asking, keys)
        before = self.chosen.get(number)
        now = tuple(sorted({*(before or ()), *dependency.extra}))
        if before == now:
            return
        package = self.shared.lock.package[number]
        if number not in self.shared.local:
            self.chosen[number] = now
            if before is None:
                self.waiting.append((number, package.dependencies, ("dependencies",)))
        new = sorted(set(dependency.extra) - set(before or ()))
        self._wait_for(number, "optional-dependencies", package.optional_dependencies, new)

    def _number(self, dependency: _Dependency, asking: int, keys: tuple[Key, ...]) -> int:
        """The package that a dependency means; it says version and source only where the name has several."""
        number = self.shared.numbers.get((dependency.name, dependency.version, dependency.source))
        if number is not None:
            return number
        problem = f"{brief(dependency.name)} is not in the lock"
        raise self.shared.document.error(problem, "package", asking, *keys, fix=AGAIN)


def _package(document: TomlDocument, lock: _Lock, number: int, extras: tuple[str, ...]) -> Package:
    locked = lock.package[number]
    files = (*locked.wheels, *([locked.sdist] if locked.sdist else []))
    urls = [wheel.address for wheel in locked.wheels]
    origin = [locked.source.address] if locked.source.address else []
    with at(document, "package", number):
        return Package(
            name=pypi_name(locked.name),
            version=locked.version,
            extras=extras,
            index=common_index(urls or origin),
            sources=tuple([url for url in urls[:1] if url_parts(url).scheme in ("http", "https")] or origin),
            hashes=tuple(digest for item in files if (digest := sha256_of(item.hash))),
            # With an sdist beside them the wheels are not all that can be installed.
            files=() if locked.sdist else tuple(name for url in urls if (name := wheel_filename(url))),
            line=document.line("package", number),
        )
