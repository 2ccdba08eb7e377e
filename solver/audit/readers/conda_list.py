"""Reads what conda tells of an environment: ``conda list`` as a table, as JSON, and with ``--export``."""

from __future__ import annotations

import re

from solver.audit.package_set import Package, PackageSet, conda_package
from solver.audit.readers import conda_packages
from solver.audit.readers.foreign import Foreign, PlainDocument, at, typed
from solver.core.errors import BadInput
from solver.core.lines import Line
from solver.core.model import Platform, pypi_name
from solver.core.names import BadName, shown

_HEAD = re.compile(r"#?\s*Name\s+Version\s+Build(\s|$)")
_EXPORTED = re.compile(r"(?P<name>[A-Za-z0-9_][\w.\-]*)=(?P<version>[^=\s]+)=(?P<build>[^=\s]+)")
_PLATFORM = re.compile(r"# platform: (?P<subdir>\S+)")
_ON_WINDOWS = re.compile(r"^#\s*packages in environment at [A-Za-z]:[\\/]", re.MULTILINE)
_FIX = "write it anew with conda list --json"
_PIP = ("pypi_0", "<pip>")
"""What stands for the build of a package that pip installed; the latter in the lists of old condas."""


def is_conda_list(text: str) -> bool:
    """Whether ``text`` has the line that heads the table of ``conda list``, or of ``micromamba list``."""
    return any(_HEAD.match(line.strip()) for line in text.splitlines())


def read_conda_list(text: str, file: str) -> PackageSet:
    """The table of ``conda list``; raises ``BadInput`` with the line of what is no row of it."""
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if _HEAD.match(line.strip()))
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
    lines = (Line(raw.strip(), number) for number, raw in enumerate(text.splitlines(), start=1))
    packages = [
        _named(match["name"], match["version"], match["build"], "", line, file)
        for line in lines
        if (match := _EXPORTED.fullmatch(line.text)) is not None
    ]
    return _set(packages, file, _platform(text))


class _Installed(Foreign, frozen=True, kw_only=True):
    """One package as ``conda list --json`` tells it."""

    name: str
    version: str
    build_string: str
    channel: str | None = None
    platform: str | None = None


def read_conda_json(document: PlainDocument) -> PackageSet:
    """``conda list --json``; raises ``BadInput`` with the key of an entry that has no name, version or build."""
    packages = []
    entries = typed(document, tuple[_Installed, ...], _FIX)
    for number, entry in enumerate(entries):
        with at(document, number, fix=_FIX):
            packages.append(_package(entry.name, entry.version, entry.build_string, entry.channel or "", None))
    subdirs = (entry.platform or "" for entry in entries)
    served = (conda_packages.PLATFORMS[subdir] for subdir in subdirs if subdir in conda_packages.PLATFORMS)
    return _set(packages, document.file, next(served, None))


def _platform(text: str) -> Platform | None:
    match = _PLATFORM.search(text)
    if match is None:
        return "win-64" if _ON_WINDOWS.search(text) else None
    return conda_packages.PLATFORMS.get(match["subdir"])


def _row(line: Line, file: str) -> Package:
    name, version, build, channel, *_ = (*line.text.split(), "", "", "")
    if not version or not build:
        raise BadInput(f"expected name, version and build, found {shown(line.text)}", file=file, line=line.number)
    return _named(name, version, build, channel, line, file)


def _named(name: str, version: str, build: str, channel: str, line: Line, file: str) -> Package:
    try:
        return _package(name, version, build, channel, line.number)
    except BadName as error:
        raise BadInput(str(error), file=file, line=line.number) from None


def _package(name: str, version: str, build: str, channel: str, line: int | None) -> Package:
    if channel == "pypi" or build in _PIP:
        return Package(name=pypi_name(name), version=version, line=line)
    return conda_package(name, version, build, line)


def _set(packages: list[Package], file: str, platform: Platform | None) -> PackageSet:
    return PackageSet(
        kind="conda list",
        file=file,
        packages=tuple(packages),
        python=conda_packages.python_among(packages),
        platform=platform,
        closed=True,
    )
