"""Reads a Pipfile, the open list that pipenv locks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
from packaging.requirements import InvalidRequirement, Requirement

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import Foreign, at, typed
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.requirements import once, requirement_package
from solver.audit.readers.toml import TomlDocument
from solver.core.errors import BadInput
from solver.core.markers import applies
from solver.core.names import shown, url_parts
from solver.core.versions import python_minor

PACKAGES, DEVELOP = "packages", "dev-packages"
_OWN = frozenset({"source", "requires", "scripts", "pipenv", "pipfile", PACKAGES})
"""Tables that are no category of packages."""
_MEND = 'write name = "*", name = "==1.2" or name = {version = "==1.2", index = "pytorch"}'
_TABLE = re.compile(r"""\[\s*(?P<table>[\w\-]+)\s*(?:\.\s*["']?(?P<name>[\w.\-]+)["']?\s*)?\]""")
_KEY = re.compile(r"""["']?(?P<name>[\w.\-]+)["']?\s*=""")


class _Source(Foreign, frozen=True, kw_only=True):
    url: str
    name: str = ""


class _Requires(Foreign, frozen=True, kw_only=True):
    python_version: str | None = None
    python_full_version: str | None = None


class _Asked(Foreign, frozen=True, kw_only=True):
    """One package that is more than a specifier; its keys of PEP 508's names hold the rest of a comparison."""

    version: str = "*"
    extras: tuple[str, ...] = ()
    index: str | None = None
    markers: str | None = None
    file: str | None = None
    path: str | None = None
    git: str | None = None
    os_name: str | None = None
    sys_platform: str | None = None
    platform_machine: str | None = None
    platform_system: str | None = None
    python_version: str | None = None

    @property
    def marker(self) -> str:
        """When it is asked for; empty: always."""
        names = ("os_name", "sys_platform", "platform_machine", "platform_system", "python_version")
        compared = (f"{name} {said}" for name in names if (said := getattr(self, name)) is not None)
        return " and ".join((*([f"({self.markers})"] if self.markers else ()), *compared))


class _Head(Foreign, frozen=True, kw_only=True):
    source: tuple[_Source, ...] = ()
    requires: _Requires = _Requires()


def python_of_pipfile(document: TomlDocument) -> str | None:
    """The python (major.minor) that the environment is made with; None where the file names none."""
    requires = typed(document, _Head, _MEND).requires
    python = requires.python_version or requires.python_full_version
    return None if python is None else python_minor(python)


def read_pipfile(document: TomlDocument, environment: Mapping[str, str], choice: Choice) -> tuple[PackageSet, ...]:
    """What is asked for where nobody asks for more, then the same with each further category.

    Raises ``BadInput`` naming file, line and key of what cannot be read.
    """
    file = _File(document, environment)
    entries = sum(map(len, file.categories.values()))
    others = [name for name in file.categories if name != PACKAGES]
    parts = parts_of(choice, (), others, document.file, packages=entries)
    return tuple(file.set_of(part) for part in parts)


class _File:
    """A Pipfile, and where it is read for."""

    def __init__(self, document: TomlDocument, environment: Mapping[str, str]) -> None:
        self.document, self.environment = document, environment
        self.sources = typed(document, _Head, _MEND).source
        for source in self.sources:
            url_parts(source.url)  # which no later step could do without
        self.categories = _categories(document)

    def set_of(self, part: Part) -> PackageSet:
        """The packages of the default category and those of ``part``."""
        names = (PACKAGES, *sorted(part.groups))
        return PackageSet(
            kind="Pipfile",
            file=self.document.file,
            part=part.name,
            packages=once([package for name in names for package in self._packages(name)], self.document.file),
            python=python_of_pipfile(self.document),
            sources=self._first,
        )

    @property
    def _first(self) -> tuple[str, ...]:
        """Where pipenv looks for what has no index of its own: in the first source alone."""
        return tuple(source.url for source in self.sources[:1])

    def _packages(self, category: str) -> Iterator[Package]:
        for name, said in self.categories.get(category, {}).items():
            entry = _Asked(version=said) if isinstance(said, str) else said
            requirement = self._requirement(category, name, entry)
            with at(self.document, category, name, fix=_MEND):
                if applies(requirement.marker, self.environment):
                    package = requirement_package(requirement, self._lines.get((category, name)))
                    yield package if package.url else self._placed(package, category, entry.index)

    def _placed(self, package: Package, category: str, index: str | None) -> Package:
        """``package`` with the index that its entry names, by its name or its address."""
        if index is None:
            return msgspec.structs.replace(package, sources=self._first)
        address = next((one.url for one in self.sources if index in (one.name, one.url)), None)
        if address is None and "://" not in index:
            problem = f"there is no source {shown(index)}"
            raise self._error(problem, category, package.name, "name a [[source]] of the file")
        return msgspec.structs.replace(package, sources=(address or index,))

    def _requirement(self, category: str, name: str, entry: _Asked) -> Requirement:
        extras = f"[{','.join(entry.extras)}]" if entry.extras else ""
        address = entry.file or entry.git or entry.path
        # A bare number would join the name before it.
        version = "" if entry.version.strip() == "*" else f" {entry.version}"
        what = f" @ {address if '://' in address else 'file:///' + address}" if address else version
        text = f"{name}{extras}{what}" + (f" ; {entry.marker}" if entry.marker else "")
        try:
            return Requirement(text)
        except (InvalidRequirement, ValueError, RecursionError):  # packaging reads nested markers by calling itself
            problem = f"expected a specifier such as >=1.2 and a marker, which make up {shown(text)}"
            raise self._error(problem, category, name, _MEND) from None

    def _error(self, problem: str, category: str, name: str, fix: str) -> BadInput:
        line = self._lines.get((category, name))
        return BadInput(problem, file=self.document.file, line=line, key=f"{category}.{name}", fix=fix)

    @cached_property
    def _lines(self) -> Mapping[tuple[str, str], int]:
        """The line of each package, by its category and as it is spelt there."""
        lines: dict[tuple[str, str], int] = {}
        table = ""
        for number, raw in enumerate(self.document.source.split("\n"), start=1):
            if header := _TABLE.match(raw.strip()):
                table = header["table"] if header["name"] is None else ""
                lines.setdefault((header["table"], header["name"] or ""), number)
            elif key := _KEY.match(raw.strip()):
                lines.setdefault((table, key["name"]), number)
        return lines


def _categories(document: TomlDocument) -> Mapping[str, Mapping[str, str | _Asked]]:
    """The packages of each category: the default one, ``dev-packages``, and what the file calls its own."""
    data: Any = document.data
    tables = {name: data[name] for name in data if name not in _OWN or name == PACKAGES}
    chosen = TomlDocument(document.file, tables, document.source)
    return typed(chosen, dict[str, dict[str, str | _Asked]], _MEND)
