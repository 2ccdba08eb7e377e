"""Reads what a pyproject.toml asks for: the tables of PEP 621 and 735, uv's sources and indexes, poetry's own."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
from msgspec import field
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import Hyphened, typed
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.pdm_words import Pdm
from solver.audit.readers.poetry_words import Poetry, requirements_of
from solver.audit.readers.requirements import once, requirement_package
from solver.audit.readers.toml import TomlDocument
from solver.audit.readers.uv_words import Uv
from solver.core.dependency_groups import GroupEntry, IncludedGroup, expanded_groups
from solver.core.errors import BadInput
from solver.core.markers import applies, read_marker
from solver.core.names import BadName, shown, url_parts

_MEND = "write a requirement such as name>=1.2"
_QUOTED = re.compile(r"""\"([^"]*)\"|'([^']*)'""")


class _Tool(Hyphened, frozen=True, kw_only=True):
    uv: Uv = Uv()
    poetry: Poetry | None = None
    pdm: Pdm = Pdm()


class _Project(Hyphened, frozen=True, kw_only=True):
    name: str = ""
    requires_python: str | None = None
    dependencies: tuple[str, ...] = ()
    optional_dependencies: dict[str, tuple[str, ...]] = field(default_factory=dict)


class _Included(Hyphened, frozen=True, kw_only=True):
    include_group: str


class _Pyproject(Hyphened, frozen=True, kw_only=True):
    project: _Project = _Project()
    dependency_groups: dict[str, tuple[str | _Included, ...]] = field(default_factory=dict)
    tool: _Tool = _Tool()


def pythons_of_pyproject(document: TomlDocument) -> str | None:
    """The specifier of the pythons that a project admits; None where it says none."""
    said = typed(document, _Pyproject, _MEND)
    return said.project.requires_python or (said.tool.poetry.python if said.tool.poetry is not None else None)


def read_pyproject(document: TomlDocument, environment: Mapping[str, str], choice: Choice) -> tuple[PackageSet, ...]:
    """What is asked for where nobody asks for more, then the same with each extra and each further group.

    Raises ``BadInput`` naming file, line and key of what cannot be read, ``BadName`` for an address that is none.
    """
    said = typed(document, _Pyproject, _MEND)
    file = _File(document, said, environment)
    for address in file.addresses:
        url_parts(address)  # which no later step could do without
    plain = file.plain(Part())
    groups = [name for name in file.groups if name not in plain]
    entries = sum(map(len, (*file.extras.values(), *file.groups.values(), file.said.project.dependencies)))
    parts = parts_of(choice, file.extras, groups, document.file, packages=entries)
    return tuple(file.set_of(part) for part in parts)


@dataclass(frozen=True)
class _Asked:
    """A requirement, and where it stands."""

    text: str
    extra: str | None = None
    """The extra that asks for it; None: none does."""
    group: str | None = None
    """The group that asks for it; None: none does. Without either it is the project itself."""


@dataclass(frozen=True)
class _File:
    """A pyproject.toml, and where it is read for."""

    document: TomlDocument
    said: _Pyproject
    environment: Mapping[str, str]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of the indexes that it names."""
        tool = self.said.tool
        of_poetry = tool.poetry.source if tool.poetry is not None else ()
        return (
            *tool.uv.addresses,
            *(one.address for one in of_poetry),
            *(one.url for one in tool.pdm.source),
        )

    @cached_property
    def extras(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each extra."""
        poetry = self.said.tool.poetry
        return {**(poetry.extra_requirements if poetry is not None else {}), **self.said.project.optional_dependencies}

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each group, with those of the groups that it includes."""
        poetry = self.said.tool.poetry
        groups = {} if poetry is None else {**poetry.groups}
        groups |= self.said.tool.pdm.dev_dependencies
        said = self.said.dependency_groups.items()
        return groups | expanded_groups({name: map(_entry, entries) for name, entries in said}, self.document.file)

    def plain(self, part: Part) -> tuple[str, ...]:
        """The groups that are installed beside ``part`` where nobody says which: each tool has others."""
        tool = self.said.tool
        of_poetry = frozenset[str]() if tool.poetry is None else tool.poetry.plain
        mine = {*tool.uv.plain(self.groups, part), *of_poetry, *tool.pdm.dev_dependencies} - part.groups
        return tuple(name for name in self.groups if name in mine)

    def set_of(self, part: Part) -> PackageSet:
        """The packages of the project with the extras and groups of ``part``."""
        uv = self.said.tool.uv
        if uv.refuses(part):
            problem = f"{part.name} cannot be installed together, as the project says"
            raise self.document.error(problem, "tool", "uv", "conflicts", fix="choose one of them")
        return PackageSet(
            kind="pyproject.toml",
            file=self.document.file,
            part=part.name,
            packages=once(self._of_one_source([*self._packages(self._asked(part))]), self.document.file),
            requires_python=pythons_of_pyproject(self.document),
            constraints=tuple(self._packages(map(_Asked, uv.constraint_dependencies))),
            overrides=tuple((one.name, one.specifier) for one in self._packages(map(_Asked, uv.override_dependencies))),
            sources=self._shared,
        )

    def _asked(self, part: Part) -> Iterator[_Asked]:
        poetry = self.said.tool.poetry
        yield from map(_Asked, self.said.project.dependencies)
        yield from map(_Asked, requirements_of(poetry.dependencies) if poetry is not None else ())
        for name in sorted(part.extras):
            yield from self._of_extra(name)
        for name in (*self.plain(part), *sorted(part.groups)):
            yield from (_Asked(text, group=name) for text in self.groups[name])

    def _of_extra(self, name: str) -> Iterator[_Asked]:
        return (_Asked(text, extra=name) for text in self.extras.get(name, ()))

    def _packages(self, requirements: Iterable[_Asked]) -> Iterator[Package]:
        waiting, extras = deque(requirements), set[str]()
        while waiting:
            one = waiting.popleft()
            requirement, line = self._requirement(one.text)
            if not applies(requirement.marker, self.environment):
                continue
            if canonicalize_name(requirement.name) == canonicalize_name(self.said.project.name or "-"):
                # The project's own extras, named by one another.
                for extra in sorted(requirement.extras - extras):
                    waiting.extendleft(reversed([*self._of_extra(extra)]))
                extras |= requirement.extras
            else:
                yield self._placed(requirement, line, one)

    def _of_one_source(self, packages: Sequence[Package]) -> list[Package]:
        """``packages``, each from where any line about it takes it; raises ``BadInput`` where two lines differ."""
        own: dict[str, Package] = {}
        for package in packages:
            if package.sources != self._shared and own.setdefault(package.name, package).sources != (package.sources):
                both = f"{shown(own[package.name].sources[0])} and from {shown(package.sources[0])}"
                problem = f"{package.name} would be taken from {both} at once, which uv refuses"
                raise self.document.error(problem, "tool", "uv", "sources", fix="keep one, or choose other extras")
        return [_from(package, own.get(package.name, package)) for package in packages]

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        """The line of each quoted text, found once."""
        lines: dict[str, int] = {}
        for number, raw in enumerate(self.document.source.split("\n"), start=1):
            for said in _QUOTED.finditer(raw):
                lines.setdefault(said[1] or said[2] or "", number)
        return lines

    def _requirement(self, text: str) -> tuple[Requirement, int | None]:
        line = self._lines.get(text)
        try:
            return Requirement(text), line
        except (InvalidRequirement, ValueError, RecursionError):  # packaging reads nested markers by calling itself
            problem = f"expected a requirement such as name>=1.2, found {shown(text)}"
            raise BadInput(problem, file=self.document.file, line=line) from None

    def _placed(self, requirement: Requirement, line: int | None, asked: _Asked) -> Package:
        try:
            package = requirement_package(requirement, line)
        except BadName as error:
            raise BadInput(str(error), file=self.document.file, line=line) from None
        source = self.said.tool.uv.source(package.name, asked.extra, asked.group, self._holds)
        if source is None or package.url is not None:
            return package if package.sources else msgspec.structs.replace(package, sources=self._sources(package.name))
        if source.address is not None:
            url_parts(source.address)
            return msgspec.structs.replace(package, version=None, url=source.address, sources=(source.address,))
        return msgspec.structs.replace(package, sources=(self._address_of(source.index),))

    def _sources(self, name: str) -> tuple[str, ...]:
        """Where poetry or PDM would take a package from, else what serves them all."""
        poetry = self.said.tool.poetry
        named = None if poetry is None else poetry.source_of(name, self._holds)
        if poetry is None or named is None:
            own = self.said.tool.pdm.sources_of(name)
            return self._shared if own is None else own
        address = poetry.address_of(named)
        if address is None:
            problem = f"there is no source {shown(named)}"
            raise self.document.error(problem, "tool", "poetry", "source", fix="mend its name")
        return (address,)

    @cached_property
    def _shared(self) -> tuple[str, ...]:
        """The indexes of whatever has none of its own, by the tables of the tool that the project uses."""
        tool = self.said.tool
        return tool.uv.shared or (tool.poetry.shared if tool.poetry is not None else ()) or tool.pdm.shared

    def _holds(self, marker: str) -> bool:
        return applies(read_marker(marker), self.environment)

    def _address_of(self, index: str | None) -> str:
        address = self.said.tool.uv.address_of(index)
        if address is None:
            problem = f"there is no index {shown(index or '')}"
            raise self.document.error(problem, "tool", "uv", "sources", fix="mend its name")
        return address


def _entry(said: str | _Included) -> GroupEntry:
    return said if isinstance(said, str) else IncludedGroup(said.include_group)


def _from(package: Package, other: Package) -> Package:
    """``package`` taken from where another line about it says."""
    version = package.version if other.url is None else other.version
    return msgspec.structs.replace(
        package, version=version, url=other.url, sources=other.sources, index=other.index, files=other.files
    )
