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
from solver.audit.readers.poetry_words import Poetry, requirements_of
from solver.audit.readers.requirements import once, requirement_package
from solver.audit.readers.toml import TomlDocument
from solver.core.errors import BadInput
from solver.core.indexes import DEFAULT_INDEX
from solver.core.markers import applies, read_marker
from solver.core.names import BadName, shown, url_parts

_MEND = "write a requirement such as name>=1.2"
_QUOTED = re.compile(r"""\"([^"]*)\"|'([^']*)'""")
_DEEPEST = 100
"""Groups that may include one another."""
_DEV = ("dev",)
"""The groups that uv installs where the project does not say which."""


class _Source(Hyphened, frozen=True, kw_only=True):
    """Where uv takes a package from: one of these, where its marker holds."""

    index: str | None = None
    url: str | None = None
    git: str | None = None
    path: str | None = None
    workspace: bool = False
    marker: str | None = None


class _Index(Hyphened, frozen=True, kw_only=True):
    url: str
    name: str | None = None
    explicit: bool = False
    default: bool = False


class _Uv(Hyphened, frozen=True, kw_only=True):
    sources: dict[str, _Source | tuple[_Source, ...]] = field(default_factory=dict)
    index: tuple[_Index, ...] = ()
    default_groups: tuple[str, ...] | str = _DEV
    constraint_dependencies: tuple[str, ...] = ()


class _Tool(Hyphened, frozen=True, kw_only=True):
    uv: _Uv = _Uv()
    poetry: Poetry | None = None


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
    for index in said.tool.uv.index:
        url_parts(index.url)  # which no later step could do without
    file = _File(document, said, environment)
    groups = [name for name in file.groups if name not in file.plain]
    entries = sum(map(len, (*file.extras.values(), *file.groups.values(), file.said.project.dependencies)))
    parts = parts_of(choice, file.extras, groups, document.file, packages=entries)
    return tuple(file.set_of(part) for part in parts)


@dataclass(frozen=True)
class _File:
    """A pyproject.toml, and where it is read for."""

    document: TomlDocument
    said: _Pyproject
    environment: Mapping[str, str]

    @cached_property
    def extras(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each extra."""
        poetry = self.said.tool.poetry
        return {**(poetry.extra_requirements if poetry is not None else {}), **self.said.project.optional_dependencies}

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each group, with those of the groups that it includes."""
        poetry = self.said.tool.poetry
        groups = (
            {} if poetry is None else {name: requirements_of(one.dependencies) for name, one in poetry.group.items()}
        )
        for name in self.said.dependency_groups:
            self._read_group(name, groups, ())
        return groups

    @property
    def plain(self) -> tuple[str, ...]:
        """The groups that are installed where nobody says which."""
        chosen = self.said.tool.uv.default_groups
        return tuple(name for name in self.groups if chosen == "all" or name in chosen)

    def _read_group(self, name: str, groups: dict[str, tuple[str, ...]], within: tuple[str, ...]) -> tuple[str, ...]:
        """Add a group to ``groups``, and those that it includes before it."""
        if name in within or len(within) > _DEEPEST or name not in self.said.dependency_groups:
            what = "is not there" if name not in self.said.dependency_groups else "includes itself"
            raise self.document.error(f"the group {shown(name)} {what}", "dependency-groups", fix="mend its name")
        if name not in groups:
            texts: dict[str, None] = {}
            for entry in self.said.dependency_groups[name]:
                several = (
                    (entry,)
                    if isinstance(entry, str)
                    else self._read_group(entry.include_group, groups, (*within, name))
                )
                texts |= dict.fromkeys(several)
            groups[name] = tuple(texts)
        return groups[name]

    def set_of(self, part: Part) -> PackageSet:
        """The packages of the project with the extras and groups of ``part``."""
        poetry = self.said.tool.poetry
        texts = [*self.said.project.dependencies, *(requirements_of(poetry.dependencies) if poetry is not None else ())]
        for name in part.extras:
            texts += self.extras[name]
        for name in (*self.plain, *part.groups):
            texts += self.groups[name]
        return PackageSet(
            kind="pyproject.toml",
            file=self.document.file,
            part=part.name,
            packages=once([*self._packages(texts)], self.document.file),
            requires_python=pythons_of_pyproject(self.document),
            constraints=tuple(self._packages(self.said.tool.uv.constraint_dependencies)),
            sources=self._shared,
        )

    def _packages(self, texts: Iterable[str]) -> Iterator[Package]:
        waiting, extras = deque(texts), set[str]()
        while waiting:
            requirement, line = self._requirement(waiting.popleft())
            if not applies(requirement.marker, self.environment):
                continue
            if canonicalize_name(requirement.name) == canonicalize_name(self.said.project.name or "-"):
                # The project's own extras, named by one another.
                for extra in sorted(requirement.extras - extras):
                    waiting.extendleft(reversed(self.extras.get(extra, ())))
                extras |= requirement.extras
            else:
                yield self._placed(requirement, line)

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

    def _placed(self, requirement: Requirement, line: int | None) -> Package:
        try:
            package = requirement_package(requirement, line)
        except BadName as error:
            raise BadInput(str(error), file=self.document.file, line=line) from None
        source = self._source(package.name)
        if source is None or package.url is not None:
            return package if package.sources else msgspec.structs.replace(package, sources=self._shared)
        address = source.url or source.git or source.path or ("workspace" if source.workspace else None)
        if address is not None:
            url_parts(address)
            return msgspec.structs.replace(package, version=None, url=address, sources=(address,))
        return msgspec.structs.replace(package, sources=self._of_index(source.index))

    def _source(self, name: str) -> _Source | None:
        """Where uv takes a package from; None where it says nothing."""
        for key, said in self.said.tool.uv.sources.items():
            if canonicalize_name(key) == name:
                return _first(said if isinstance(said, tuple) else (said,), self.environment)
        return None

    def _of_index(self, name: str | None) -> tuple[str, ...]:
        """The address of an index of that name; raises ``BadInput`` where there is none."""
        for index in self.said.tool.uv.index:
            if index.name == name:
                return (index.url,)
        raise self.document.error(
            f"there is no index {shown(name or '')}", "tool", "uv", "sources", fix="mend its name"
        )

    @cached_property
    def _shared(self) -> tuple[str, ...]:
        """The indexes of whatever has none of its own; none where that is the default one alone."""
        urls = [index.url for index in self.said.tool.uv.index if not index.explicit]
        default = any(index.default for index in self.said.tool.uv.index)
        return tuple(urls if default else [*urls, DEFAULT_INDEX]) if urls else ()


def _first(sources: Sequence[_Source], environment: Mapping[str, str]) -> _Source | None:
    def holds(source: _Source) -> bool:
        return source.marker is None or applies(read_marker(source.marker), environment)

    return next(filter(holds, sources), None)
