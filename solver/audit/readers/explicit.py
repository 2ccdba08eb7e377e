"""Reads ``@EXPLICIT`` files: one archive a line, in the order of installation."""

from __future__ import annotations

from collections.abc import Mapping

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_names
from solver.audit.readers.requirements import parse_line
from solver.core.errors import BadInput
from solver.core.lines import Line
from solver.core.versions import minor


def is_explicit(text: str) -> bool:
    """Whether a line of its own says ``@EXPLICIT``."""
    return any(line.strip() == "@EXPLICIT" for line in text.splitlines())


def read_archives(text: str, file: str, environment: Mapping[str, str]) -> PackageSet:
    """The archives of an explicit file, and the pip lines that conda-lock writes into its comments.

    Raises ``BadInput`` with the line of what is no archive.
    """
    packages: list[Package] = []
    platforms = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("# pip "):
            package = parse_line(Line(line.removeprefix("# pip ").strip(), number), file, environment)
            packages += [] if package is None else [package]
        elif line and not line.startswith(("#", "@EXPLICIT")):
            try:
                archive = conda_names.from_url(line, number)
            except ValueError:
                archive = None
            if archive is None:
                raise BadInput(
                    f"expected the address of a .conda or .tar.bz2 archive, found {line!r}", file=file, line=number
                )
            packages.append(archive)
            platforms.append(conda_names.subdir_of(line))
    python = next((p.version for p in packages if p.conda == "python" and p.version), None)
    return PackageSet(
        kind="explicit",
        file=file,
        packages=tuple(packages),
        python=None if python is None else minor(python),
        platform=next((platform for platform in platforms if platform), None),
        closed=True,
        ordered=True,
    )
