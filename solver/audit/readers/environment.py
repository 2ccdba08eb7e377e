"""Reads a conda environment.yml, its pip block included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import structs

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_packages
from solver.audit.readers.foreign import Foreign
from solver.audit.readers.head import NOTHING_SAID, Head
from solver.audit.readers.requirements import once, read_listed
from solver.core.decode import decode
from solver.core.lines import Line
from solver.core.names import shown
from solver.core.versions import specifier_or_none
from solver.core.yamlfile import YamlDocument
from solver.index.conda_level import is_of_the_machine

_Scalar = str | int | float | bool | None


class _PipBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pip: tuple[str, ...]


class _Environment(Foreign, frozen=True, kw_only=True):
    dependencies: tuple[str | _PipBlock, ...]
    """Match specs, and pip with its lines."""
    variables: dict[str, _Scalar] | None = None


def read_environment(
    document: YamlDocument, environment: Mapping[str, str], folder: Path, head: Head = NOTHING_SAID
) -> PackageSet:
    """The conda and pip packages of an environment.yml.

    Raises ``BadInput`` naming file, line and key of what cannot be read.
    """
    # A person writes it, so that each error says what to mend.
    text = decode(document, _Environment)
    conda: list[Package] = []
    pip: list[Package] = []
    constraints: list[Package] = []
    unread: list[str] = []
    for number, entry in enumerate(text.dependencies):
        if isinstance(entry, str) and is_of_the_machine(entry):
            continue  # what no channel brings is no package
        if isinstance(entry, str):
            package = conda_packages.from_spec(entry, document.line("dependencies", number))
            if package is None:
                problem = f"expected a match spec such as numpy=2.2, found {shown(entry)}"
                raise document.error(problem, "dependencies", number)
            conda.append(package)
        else:
            listing = read_listed(_lines(document, number, entry.pip), document.file, environment, folder)
            pip += listing.packages
            constraints += listing.constraints
            unread += listing.unread
    python = conda_packages.python_among(conda)
    return PackageSet(
        kind="environment",
        file=document.file,
        packages=once([*conda, *pip], document.file),
        python=python,
        platform=head.platform,
        target=None if head.target is None else structs.replace(head.target, python=python or head.target.python),
        requires_python=_pythons(conda),
        constraints=tuple(constraints),
        unread=tuple(unread),
        closed=bool(pip) and all(package.hashes for package in pip),
        variables=_variables(text.variables or {}),
    )


def _pythons(conda: list[Package]) -> str | None:
    """The specifier of the pythons that the file leaves open; None where it says none, or in conda's notation alone."""
    python = next((package for package in conda if package.conda == "python" and package.version is None), None)
    return None if python is None or specifier_or_none(python.specifier) is None else python.specifier or None


def _lines(document: YamlDocument, number: int, block: tuple[str, ...]) -> list[Line]:
    lines = []
    for position, text in enumerate(block):
        line = document.line("dependencies", number, "pip", position) or 0
        lines.append(Line(" ".join(part.strip().removesuffix("\\") for part in text.splitlines()), line))
    return lines


def _variables(variables: Mapping[str, _Scalar]) -> tuple[tuple[str, str], ...]:
    return tuple((name, "" if value is None else str(value)) for name, value in sorted(variables.items()))
