"""Reads uv.lock: one lock for every platform and python, resolved here for one target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.markers import InvalidMarker, Marker

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.parts import Choice, Part, parts_of, with_extras
from solver.audit.readers.requirements import common_index, wheel_filename
from solver.audit.readers.toml import Table, Tables, sha256_of
from solver.core.errors import BadInput
from solver.core.markers import applies
from solver.core.model import pypi_name
from solver.core.names import url_parts

_NEWEST = 1
_DEV = "dev"
"""The group that uv installs where nobody says which; the lock does not tell whether a project chose others."""
_LOCAL_SOURCES = ("virtual", "editable", "directory")


def read_uv_lock(
    data: Table, text: str, file: str, environment: Mapping[str, str], choice: Choice
) -> tuple[PackageSet, ...]:
    """What ``uv sync`` would install on the target: the projects' dependencies and their group ``dev``.

    Then the same with each extra and with each other group, or with those of ``choice``.
    Raises ``BadInput`` naming the table and the key of what cannot be read.
    """
    version = data.get("version")
    if version != _NEWEST:
        raise BadInput(
            f"expected version {_NEWEST}, found {version!r}",
            file=file,
            key="version",
            fix="update interlock, or write the lock with a uv of that version",
        )
    tables = Tables(data, text, file, "package")
    local = _projects(tables)
    extras = [name for number in local for name in _names(tables, number, "optional-dependencies")]
    groups = [name for number in local for name in _names(tables, number, "dev-dependencies") if name != _DEV]
    parts = parts_of(choice, extras, groups, file)
    return tuple(_set(tables, local, part, environment, _conflicts(data)) for part in parts)


def _projects(tables: Tables) -> list[int]:
    """Numbers of the lock's own projects."""
    sources = {number: table.get("source", {}) for number, table in tables}
    local = [n for n, one in sources.items() if isinstance(one, Mapping) and any(key in one for key in _LOCAL_SOURCES)]
    if not local:
        raise BadInput(
            "expected a package whose source is virtual, editable or directory: the project itself",
            file=tables.file,
            key="package",
        )
    return local


def _names(tables: Tables, number: int, key: str) -> list[str]:
    value = tables.tables[number].get(key, {})
    return list(value) if isinstance(value, Mapping) else []


def _conflicts(data: Table) -> list[frozenset[str]]:
    """The extras and groups of which no two may be installed, by the names that markers give them."""
    sets = data.get("conflicts", ())
    return [
        frozenset(
            _marked(kind, str(item.get("package")), str(item[kind]))
            for item in one
            if isinstance(item, Mapping)
            for kind in ("extra", "group")
            if kind in item
        )
        for one in (sets if isinstance(sets, list) else ())
        if isinstance(one, list)
    ]


def _marked(kind: str, package: str, name: str) -> str:
    """How a marker of uv names an extra or a group of one package."""
    return f"{kind}-{len(package)}-{package}-{name}"


def _set(
    tables: Tables, local: list[int], part: Part, environment: Mapping[str, str], conflicts: list[frozenset[str]]
) -> PackageSet:
    projects = [tables.text_of(number, "name") for number in local]
    active = {
        *(_marked("extra", project, name) for project in projects for name in part.extras),
        *(_marked("group", project, name) for project in projects for name in part.groups),
    }
    for conflict in conflicts:
        if len(conflict & active) > 1:
            problem = f"{part.name} cannot be installed together, as the lock says"
            raise BadInput(problem, file=tables.file, key="conflicts", fix="choose one of them")
    dev = {_marked("group", project, _DEV) for project in projects}
    # uv wants its default group left out beside what it conflicts with.
    with_dev = not any(conflict & active and conflict & dev for conflict in conflicts)
    groups = part.groups | ({_DEV} if with_dev else set())
    walk = _Walk(tables, environment, local=local, active=frozenset(active | (dev if with_dev else set())))
    walk.run(part.extras, groups)
    data = tables.data
    return PackageSet(
        kind="uv.lock",
        file=tables.file,
        part=part.name,
        packages=tuple(_package(walk.tables, number, extras) for number, extras in sorted(walk.chosen.items())),
        requires_python=data.get("requires-python"),
        closed=True,
    )


@dataclass
class _Walk:
    """Follows the dependencies from the lock's own projects."""

    tables: Tables
    environment: Mapping[str, str]
    local: list[int]
    """Numbers of the lock's own projects."""
    active: frozenset[str]
    """The extras and groups that are installed, as markers name them."""
    chosen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Number of each package that is reached, with its extras."""

    by_name: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the packages of each name."""
    entered: set[tuple[int, str]] = field(default_factory=set)
    """Extras of the projects that were followed."""

    def run(self, extras: Iterable[str], groups: Iterable[str]) -> None:
        for number, _ in self.tables:
            self.by_name.setdefault(self.tables.text_of(number, "name"), []).append(number)
        for number in self.local:
            self._follow(number, "dependencies")
            for key, names in (("optional-dependencies", extras), ("dev-dependencies", groups)):
                for name in sorted(names):
                    self._follow_part(number, key, name)

    def _follow_part(self, number: int, key: str, name: str) -> None:
        parts = self.tables.tables[number].get(key, {})
        if (
            isinstance(parts, Mapping)
            and isinstance(parts.get(name), list)
            and (number, f"{key} {name}") not in self.entered
        ):
            if number in self.local:
                self.entered.add((number, f"{key} {name}"))
            self._enter_all(number, parts[name], f"{key}.{name}")

    def _follow(self, number: int, key: str) -> None:
        self._enter_all(number, self.tables.list_of(number, key), key)

    def _enter_all(self, number: int, dependencies: list[Table], key: str) -> None:
        for dependency in dependencies:
            if self._applies(number, dependency, key):
                self._enter(number, dependency, key)

    def _applies(self, number: int, dependency: Table, key: str) -> bool:
        text = dependency.get("marker")
        if text is None:
            return True
        try:
            return applies(Marker(with_extras(str(text), self.active)), self.environment)
        except InvalidMarker:
            raise self.tables.error(number, key, f"expected a marker, found {text!r}") from None

    def _enter(self, asking: int, dependency: Table, key: str) -> None:
        """Choose what a dependency names, and follow it where it, or an extra of it, was not chosen before."""
        number = self._number(asking, dependency, key)
        extras = {str(extra) for extra in dependency.get("extra", ())}
        before = self.chosen.get(number)
        now = tuple(sorted({*(before or ()), *extras}))
        if before == now:
            return
        if number not in self.local:
            self.chosen[number] = now
            if before is None:
                self._follow(number, "dependencies")
        for extra in sorted(extras - set(before or ())):
            self._follow_part(number, "optional-dependencies", extra)

    def _number(self, asking: int, dependency: Table, key: str) -> int:
        """The package that a dependency means; it says version and source only where the name has several."""
        for number in self.by_name.get(str(dependency.get("name")), []):
            table = self.tables.tables[number]
            if all(dependency.get(part) in (None, table.get(part)) for part in ("version", "source")):
                return number
        raise self.tables.error(asking, key, f"{dependency.get('name')} is not in the lock")


def _package(tables: Tables, number: int, extras: tuple[str, ...]) -> Package:
    table = tables.tables[number]
    wheels = tables.list_of(number, "wheels")
    sdist = table.get("sdist")
    files = [*wheels, *([sdist] if isinstance(sdist, Mapping) else [])]
    urls = [str(wheel.get("url") or wheel.get("filename") or wheel.get("path") or "") for wheel in wheels]
    source = table.get("source", {})
    registry = [str(source.get("registry", ""))] if isinstance(source, Mapping) else []
    return Package(
        name=pypi_name(tables.text_of(number, "name")),
        version=table.get("version"),
        extras=extras,
        index=common_index(urls or registry),
        sources=tuple(address for address in (urls[:1] or registry) if url_parts(address).scheme in ("http", "https")),
        hashes=tuple(digest for item in files if (digest := sha256_of(item.get("hash")))),
        # With an sdist beside them the wheels are not all that can be installed.
        files=() if isinstance(sdist, Mapping) else tuple(name for url in urls if (name := wheel_filename(url))),
        line=tables.line(number),
    )
