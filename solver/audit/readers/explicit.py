"""Reads ``@EXPLICIT`` files: one archive a line, in the order of installation."""

from __future__ import annotations

from collections.abc import Mapping

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_packages
from solver.audit.readers.requirements import parse_line
from solver.core import names
from solver.core.errors import BadInput
from solver.core.lines import Line
from solver.core.model import Platform

_MARK = "@EXPLICIT"
_PIP = "# pip "
"""How conda-lock writes what pip installs, which conda takes for a comment."""


def is_explicit(text: str) -> bool:
    """Whether a line of its own says ``@EXPLICIT``."""
    return any(line.strip() == _MARK for line in text.splitlines())


def read_archives(text: str, file: str, environment: Mapping[str, str]) -> PackageSet:
    """The archives of an explicit file, and the pip lines that conda-lock writes into its comments.

    Raises ``BadInput`` with the line of what is no archive.
    """
    packages: list[Package] = []
    platforms: list[Platform | None] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith(_PIP):
            package = parse_line(Line(line.removeprefix(_PIP).strip(), number), file, environment)
            packages += [] if package is None else [package]
        elif line and not line.startswith(("#", _MARK)):
            packages.append(_archive(line, file, number))
            platforms.append(conda_packages.subdir_of(line))
    return PackageSet(
        kind="explicit",
        file=file,
        packages=tuple(packages),
        python=conda_packages.python_among(packages),
        platform=next((platform for platform in platforms if platform), None),
        closed=True,
        ordered=True,
    )


def _archive(line: str, file: str, number: int) -> Package:
    try:
        archive = conda_packages.from_url(line, number)
    except names.BadName as error:
        raise BadInput(str(error), file=file, line=number) from None
    if archive is None:
        problem = f"expected the address of a .conda or .tar.bz2 archive, found {names.shown(line)}"
        raise BadInput(problem, file=file, line=number)
    return archive
