"""Reads what pip and uv tell of an environment: ``pip list``, its JSON, ``pip inspect``, ``pip install --report``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.requirements import once, wheel_filename
from solver.core.errors import BadInput
from solver.core.indexes import index_of
from solver.core.lines import Line
from solver.core.model import Platform, pypi_name
from solver.core.versions import minor

_HEAD = re.compile(r"Package\s+Version(\s|$)")
_RULE = re.compile(r"-+(\s+-+)+")
_MACHINES: Mapping[tuple[str, str], Platform] = {
    ("Linux", "x86_64"): "linux-64",
    ("Linux", "aarch64"): "linux-aarch64",
    ("Windows", "AMD64"): "win-64",
}
"""By ``platform_system`` and ``platform_machine``."""


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


def read_pip_json(entries: list[Any], file: str) -> PackageSet:
    """``pip list --format json``: names and versions; raises ``BadInput`` for an entry without them."""
    packages = [
        Package(
            name=pypi_name(text_at(entry, "name", file, f"[{number}]")),
            version=text_at(entry, "version", file, f"[{number}]"),
        )
        for number, entry in enumerate(entries)
    ]
    return _set(packages, file)


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
        raise BadInput(f"expected a name and a version, found {line.text!r}", file=file, line=line.number)
    return Package(name=pypi_name(cells[0]), version=cells[1], line=line.number)


def read_inspection(data: Mapping[str, Any], file: str) -> PackageSet:
    """``pip inspect``, or the report of what ``pip install --report`` would install; both tell metadata.

    Raises ``BadInput`` with the key of what cannot be read.
    """
    installed = "installed" in data
    array = "installed" if installed else "install"
    entries = data[array] if isinstance(data[array], list) else []
    environment = data.get("environment")
    environment = environment if isinstance(environment, Mapping) else {}
    system, machine = (str(environment.get(key)) for key in ("platform_system", "platform_machine"))
    python = environment.get("python_version")
    return PackageSet(
        kind="pip inspect",
        file=file,
        packages=once([_inspected(entry, file, f"{array}[{number}]") for number, entry in enumerate(entries)], file),
        python=minor(str(python)) if python else None,
        platform=_MACHINES.get((system, machine)),
        # A report leaves out what is there already.
        closed=installed,
    )


def _inspected(entry: object, file: str, key: str) -> Package:
    metadata = entry.get("metadata") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(metadata, Mapping):
        raise BadInput("expected metadata", file=file, key=key)
    requires = metadata.get("requires_dist", ())
    download = entry.get("download_info")
    address = download.get("url") if isinstance(download, Mapping) else None
    wheel = wheel_filename(str(address)) if address else None
    requires_python = metadata.get("requires_python")
    return Package(
        name=pypi_name(text_at(metadata, "name", file, f"{key}.metadata")),
        version=text_at(metadata, "version", file, f"{key}.metadata"),
        origin="conda" if entry.get("installer") == "conda" else "pypi",
        index=index_of(str(address)) if address else None,
        files=(wheel,) if wheel else (),
        requires=tuple(map(str, requires)) if isinstance(requires, (list, tuple)) else (),
        requires_python=None if requires_python is None else str(requires_python),
    )


def text_at(entry: object, key: str, file: str, place: str) -> str:
    """A string of an entry that has to be there; raises ``BadInput`` naming ``place`` and key."""
    value = entry.get(key) if isinstance(entry, Mapping) else None
    if not isinstance(value, str):
        instead = "nothing" if value is None else repr(value)
        raise BadInput(f"expected a string, found {instead}", file=file, key=f"{place}.{key}")
    return value
