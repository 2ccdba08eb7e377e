"""Reads uv.lock: one lock for every platform and python, resolved here for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.markers import InvalidMarker, Marker

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.requirements import common_index, wheel_filename
from solver.audit.readers.toml import Table, Tables, sha256_of
from solver.core.errors import BadInput
from solver.core.markers import applies
from solver.core.model import pypi_name
from solver.core.names import url_parts

_NEWEST = 1
_LOCAL_SOURCES = ("virtual", "editable", "directory")


def read_uv_lock(data: Table, text: str, file: str, environment: Mapping[str, str]) -> PackageSet:
    """What ``uv sync`` would install on the target: the projects' dependencies and their group ``dev``.

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
    walk = _Walk(Tables(data, text, file, "package"), environment)
    walk.run()
    return PackageSet(
        kind="uv.lock",
        file=file,
        packages=tuple(_package(walk.tables, number, extras) for number, extras in sorted(walk.chosen.items())),
        requires_python=data.get("requires-python"),
        closed=True,
    )


@dataclass
class _Walk:
    """Follows the dependencies from the lock's own projects."""

    tables: Tables
    environment: Mapping[str, str]
    chosen: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Number of each package that is reached, with its extras."""

    by_name: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the packages of each name."""
    local: list[int] = field(default_factory=list)
    """Numbers of the lock's own projects."""

    def run(self) -> None:
        self._look_up()
        if not self.local:
            raise BadInput(
                "expected a package whose source is virtual, editable or directory: the project itself",
                file=self.tables.file,
                key="package",
            )
        for number in self.local:
            self._follow(number, "dependencies")
            groups = self.tables.tables[number].get("dev-dependencies", {})
            if isinstance(groups, Mapping) and isinstance(groups.get("dev"), list):
                self._enter_all(number, groups["dev"], "dev-dependencies.dev")

    def _look_up(self) -> None:
        for number, table in self.tables:
            self.by_name.setdefault(self.tables.text_of(number, "name"), []).append(number)
            source = table.get("source", {})
            if isinstance(source, Mapping) and any(key in source for key in _LOCAL_SOURCES):
                self.local.append(number)

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
            return applies(Marker(str(text)), self.environment)
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
        optional = self.tables.tables[number].get("optional-dependencies", {})
        for extra in sorted(extras - set(before or ())):
            if isinstance(optional, Mapping) and isinstance(optional.get(extra), list):
                self._enter_all(number, optional[extra], f"optional-dependencies.{extra}")

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
