"""Reads what pip and uv tell of an environment: ``pip list``, its JSON, ``pip inspect``, ``pip install --report``."""

from __future__ import annotations

import re

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import Foreign, PlainDocument, at, typed
from solver.audit.readers.list_sources import wheel_filename
from solver.audit.readers.requirements import once
from solver.core.errors import BadInput
from solver.core.indexes import index_of
from solver.core.lines import Line
from solver.core.model import pypi_name
from solver.core.names import BadName, shown
from solver.core.target import platform_of_machine
from solver.core.versions import python_minor

_HEAD = re.compile(r"Package\s+Version(\s|$)")
_RULE = re.compile(r"-+(\s+-+)+")
_FIX = "write it anew with pip"


def is_pip_list(text: str) -> bool:
    """Whether ``text`` has the two lines that head the table of ``pip list``."""
    return _first_row(text) is not None


def read_pip_list(text: str, file: str) -> PackageSet:
    """The table of ``pip list`` or ``uv pip list``; raises ``BadInput`` with the line of what is no row of it."""
    lines = text.splitlines()
    rows = range(_first_row(text) or 0, len(lines))
    # An empty line ends the table; pip's notice of a newer pip may follow it.
    end = next((number for number in rows if not lines[number].strip()), len(lines))
    return _set([_row(Line(lines[number].strip(), number + 1), file) for number in rows if number < end], file)


class _Listed(Foreign, frozen=True, kw_only=True):
    """One package as ``pip list --format json`` tells it."""

    name: str
    version: str


def read_pip_json(document: PlainDocument) -> PackageSet:
    """``pip list --format json``: names and versions; raises ``BadInput`` for an entry without them."""
    packages = []
    for number, entry in enumerate(typed(document, tuple[_Listed, ...], _FIX)):
        with at(document, number, fix=_FIX):
            packages.append(Package(name=pypi_name(entry.name), version=entry.version))
    return _set(packages, document.file)


def _set(packages: list[Package], file: str) -> PackageSet:
    # What conda installed stands in the list too and was built by other rules, so that a dependency
    # which is not there need not be missing.
    return PackageSet(kind="pip list", file=file, packages=once(packages, file))


def _first_row(text: str) -> int | None:
    """0-based number of the line below the table's head; None where there is no head."""
    lines = text.splitlines()
    heads = (n for n in range(len(lines) - 1) if _HEAD.match(lines[n]) and _RULE.fullmatch(lines[n + 1].strip()))
    return next((number + 2 for number in heads), None)


def _row(line: Line, file: str) -> Package:
    cells = line.text.split()
    if len(cells) < 2:
        raise BadInput(f"expected a name and a version, found {shown(line.text)}", file=file, line=line.number)
    try:
        return Package(name=pypi_name(cells[0]), version=cells[1], line=line.number)
    except BadName as error:
        raise BadInput(str(error), file=file, line=line.number) from None


class _Metadata(Foreign, frozen=True, kw_only=True):
    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None


class _Download(Foreign, frozen=True, kw_only=True):
    url: str | None = None


class _Distribution(Foreign, frozen=True, kw_only=True):
    metadata: _Metadata
    installer: str | None = None
    download_info: _Download = _Download()


class _Markers(Foreign, frozen=True, kw_only=True):
    """What markers are evaluated with where pip ran."""

    platform_system: str = ""
    platform_machine: str = ""
    python_version: str | None = None


class _Inspection(Foreign, frozen=True, kw_only=True):
    """What pip tells; ``installed`` by ``pip inspect``, ``install`` by a report of what would be installed."""

    installed: tuple[_Distribution, ...] | None = None
    install: tuple[_Distribution, ...] = ()
    environment: _Markers = _Markers()


def read_inspection(document: PlainDocument) -> PackageSet:
    """``pip inspect``, or the report of what ``pip install --report`` would install; both tell metadata.

    Raises ``BadInput`` with the key of what cannot be read.
    """
    report = typed(document, _Inspection, _FIX)
    key, entries = ("install", report.install) if report.installed is None else ("installed", report.installed)
    packages = []
    for number, entry in enumerate(entries):
        with at(document, key, number, fix=_FIX):
            packages.append(_inspected(entry))
    python = report.environment.python_version
    return PackageSet(
        kind="pip inspect",
        file=document.file,
        packages=once(packages, document.file),
        python=None if python is None else python_minor(python),
        platform=platform_of_machine(report.environment.platform_system, report.environment.platform_machine),
        # A report leaves out what is there already.
        closed=report.installed is not None,
    )


def _inspected(entry: _Distribution) -> Package:
    metadata, address = entry.metadata, entry.download_info.url
    wheel = wheel_filename(address) if address else None
    return Package(
        name=pypi_name(metadata.name),
        version=metadata.version,
        origin="conda" if entry.installer == "conda" else "pypi",
        index=index_of(address) if address else None,
        files=(wheel,) if wheel else (),
        requires=metadata.requires_dist,
        requires_python=metadata.requires_python,
    )
