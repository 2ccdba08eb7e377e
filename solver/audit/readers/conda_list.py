"""Reads what conda tells of an environment: ``conda list`` as a table, as JSON, and with ``--export``."""

from __future__ import annotations

import re
from typing import Any

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.readers import conda_names
from solver.audit.readers.pip_list import text_at
from solver.core.errors import BadInput
from solver.core.lines import Line
from solver.core.model import Platform, pypi_name

_HEAD = re.compile(r"\s*#?\s*Name\s+Version\s+Build(\s|$)")
_EXPORTED = re.compile(r"(?P<name>[A-Za-z0-9_][\w.\-]*)=(?P<version>[^=\s]+)=(?P<build>[^=\s]+)")
_PLATFORM = re.compile(r"# platform: (?P<subdir>\S+)")
_PIP = ("pypi_0", "<pip>")
"""What stands for the build of a package that pip installed; the latter in the lists of old condas."""


def is_conda_list(text: str) -> bool:
    """Whether ``text`` has the line that heads the table of ``conda list``, or of ``micromamba list``."""
    return any(_HEAD.match(line) for line in text.splitlines())


def read_conda_list(text: str, file: str) -> PackageSet:
    """The table of ``conda list``; raises ``BadInput`` with the line of what is no row of it."""
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if _HEAD.match(line))
    rows = [Line(raw.strip(), number) for number, raw in enumerate(lines[head + 1 :], start=head + 2)]
    # micromamba draws a line below the head.
    packages = [_row(row, file) for row in rows if re.match(r"\w", row.text)]
    return _set(packages, file, _platform(text))


def is_conda_export(text: str) -> bool:
    """Whether every line of ``text`` that says something is ``name=version=build``."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    return bool(said) and all(_EXPORTED.fullmatch(line) for line in said)


def read_conda_export(text: str, file: str) -> PackageSet:
    """The lines of ``conda list --export``."""
    packages = [
        _package(match["name"], match["version"], match["build"], "", number)
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := _EXPORTED.fullmatch(line.strip())) is not None
    ]
    return _set(packages, file, _platform(text))


def read_conda_json(entries: list[Any], file: str) -> PackageSet:
    """``conda list --json``; raises ``BadInput`` with the key of an entry that has no name, version or build."""
    packages = []
    subdirs = []
    for number, entry in enumerate(entries):
        name, version, build = (text_at(entry, key, file, f"[{number}]") for key in ("name", "version", "build_string"))
        packages.append(_package(name, version, build, str(entry.get("channel") or ""), None))
        subdirs.append(str(entry.get("platform")))
    served = (conda_names.PLATFORMS[subdir] for subdir in subdirs if subdir in conda_names.PLATFORMS)
    return _set(packages, file, next(served, None))


def _platform(text: str) -> Platform | None:
    match = _PLATFORM.search(text)
    return None if match is None else conda_names.PLATFORMS.get(match["subdir"])


def _row(line: Line, file: str) -> Package:
    name, version, build, channel, *_ = (*line.text.split(), "", "", "")
    if not version or not build:
        raise BadInput(f"expected name, version and build, found {line.text!r}", file=file, line=line.number)
    return _package(name, version, build, channel, line.number)


def _package(name: str, version: str, build: str, channel: str, line: int | None) -> Package:
    if channel == "pypi" or build in _PIP:
        return Package(name=pypi_name(name), version=version, line=line)
    return conda_package(name, version, build, line)


def _set(packages: list[Package], file: str, platform: Platform | None) -> PackageSet:
    return PackageSet(
        kind="conda list",
        file=file,
        packages=tuple(packages),
        python=conda_names.python_among(packages),
        platform=platform,
        closed=True,
    )
