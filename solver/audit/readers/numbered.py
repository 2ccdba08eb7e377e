"""Locks in TOML whose packages are numbered tables: what the readers of pdm.lock and poetry.lock have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import at
from solver.audit.readers.needed import needed
from solver.audit.readers.parts import Part
from solver.audit.readers.requirements import once
from solver.audit.readers.toml import TomlDocument
from solver.audit.set_kinds import SetKind
from solver.core import names
from solver.core.model import PypiName, pypi_name

_VERSION = re.compile(r"(?P<major>[0-9]{1,3})(\.[0-9]{1,3})*")


class _Table(Protocol):
    """One ``[[package]]``."""

    @property
    def name(self) -> str: ...


def refuse_newer(document: TomlDocument, written: str, key: str, newest: int, tool: str) -> None:
    """Raises ``BadInput`` where the version ``written`` under ``metadata.key`` is of a major after ``newest``."""
    version = _VERSION.fullmatch(written)
    if version is None or int(version["major"]) > newest:
        fix = f"update interlock, or write the lock with an older {tool}"
        problem = f"expected a {key} up to {newest}, found {names.shown(written)}"
        raise document.error(problem, "metadata", key, fix=fix)


@dataclass(frozen=True)
class Numbered:
    """The packages of one lock on one target; the reader of a format says what each is and asks for."""

    document: TomlDocument
    environment: Mapping[str, str]
    tables: Sequence[_Table]

    @cached_property
    def names(self) -> list[PypiName]:
        """The name of each package, normalized; raises ``BadInput`` with its place for what is none."""
        normalized = []
        for number, table in enumerate(self.tables):
            with at(self.document, "package", number, "name"):
                normalized.append(pypi_name(table.name))
        return normalized

    def needed(self, numbers: Iterable[int], asks: Mapping[int, Iterable[tuple[str, bool]]]) -> list[int]:
        """Those of ``numbers`` that something asks for on the target, or nothing asks for at all; see ``needed``."""
        return needed({number: self.names[number] for number in numbers}, asks)

    def set_of(self, kind: SetKind, part: Part, packages: Iterable[Package], requires_python: str | None) -> PackageSet:
        """The set that the lock installs as ``part``."""
        file = self.document.file
        return PackageSet(
            kind=kind,
            file=file,
            part=part.name,
            packages=once(list(packages), file),
            requires_python=requires_python,
            closed=True,
        )


def wheels_alone(wheels: tuple[str, ...], files: Sequence[object]) -> tuple[str, ...]:
    """The wheels of a package, or none where there are other files: then they are not all that can be installed."""
    return wheels if len(wheels) == len(files) else ()
