"""The files of an installed prefix: its site-packages and what each distribution recorded."""

from __future__ import annotations

import base64
import csv
import functools
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from solver.core import reading
from solver.core.errors import BadInput
from solver.core.model import PypiName, pypi_name
from solver.core.names import BadName
from solver.core.versions import python_minor

_FIX = "install it anew"
_SIZE = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class RecordEntry:
    """One line of a RECORD."""

    sha256: str
    """Hex digits."""
    size: int | None
    """Bytes; None: the line does not tell them."""


def site_packages(prefix: Path) -> tuple[Path, ...]:
    """The site-packages folders of a venv or a conda environment, on any platform."""
    folders = [*sorted(prefix.glob("lib/python3*/site-packages")), prefix / "Lib" / "site-packages"]
    # On a case-blind file system both spellings are the same folder.
    unique = {path.resolve(): path for path in reversed(folders) if path.is_dir()}
    return tuple(sorted(unique.values()))


def prefix_python(prefix: Path) -> str | None:
    """major.minor of the prefix's python; None where nothing tells."""
    for folder in sorted(prefix.glob("lib/python3*")):
        match = re.fullmatch(r"python(3\.\d+)", folder.name)
        if match and (folder / "site-packages").is_dir():
            return match[1]
    config = prefix / "pyvenv.cfg"
    if config.is_file():
        lines = (line.partition("=") for line in reading.read_text(config).splitlines())
        written = [python_minor(value.strip()) for key, _, value in lines if key.strip() in ("version", "version_info")]
        if written and written[0] is not None:
            return written[0]
    for record in sorted(prefix.glob("conda-meta/python-3.*.json")):
        match = re.match(r"python-(3\.\d+)", record.name)
        if match:
            return match[1]
    return None


def distribution_folders(site: Path) -> list[Path]:
    """The .dist-info and .egg-info of each distribution in a site-packages folder, by name; those of eggs, too."""
    paths = [*site.glob("*.dist-info"), *site.glob("*.egg-info"), *site.glob("*.egg/EGG-INFO")]
    paths += [info for link in site.glob("*.egg-link") for info in _linked(link)]
    # pip renames what it is about to remove, and passes over what it left so.
    return sorted(path for path in paths if not path.name.startswith("~"))


def _linked(link: Path) -> Iterator[Path]:
    """The .egg-info of the folder that an old editable installation leads to; nothing where it is there no more."""
    try:
        folder = Path(reading.read_text(link).splitlines()[0].strip())
        found = [*folder.glob("*.egg-info")] if folder.is_absolute() else []
    except (BadInput, IndexError, OSError, ValueError):
        return
    yield from (info for info in found if _same_name(info.stem, link.stem))


def _same_name(one: str, other: str) -> bool:
    return canonicalize_name(one.partition("-")[0]) == canonicalize_name(other)


def distributions_in(folder: Path) -> dict[PypiName, list[str]]:
    """The versions that the .dist-info folders of a folder name, by distribution; empty without the folder."""
    versions: dict[PypiName, list[str]] = {}
    for path in sorted(folder.glob("*.dist-info")):
        name = _name(path)
        if name is not None:
            versions.setdefault(name, []).append(path.name.removesuffix(".dist-info").partition("-")[2])
    return versions


@functools.lru_cache(maxsize=8)
def records(prefix: Path) -> Mapping[PypiName, Mapping[Path, RecordEntry]]:
    """What each distribution of the prefix recorded: absolute path -> hash and size."""
    named = [(_name(folder), folder) for site in site_packages(prefix) for folder in sorted(site.glob("*.dist-info"))]
    return {name: _record(folder, prefix) for name, folder in named if name is not None}


def _name(dist_info: Path) -> PypiName | None:
    """The distribution that a .dist-info is of; None where its name is that of none."""
    try:
        return pypi_name(dist_info.name.removesuffix(".dist-info").partition("-")[0])
    except BadName:
        return None


def _record(dist_info: Path, prefix: Path) -> dict[Path, RecordEntry]:
    entries = {}
    for row in record_rows(dist_info):
        # Compiled files and the RECORD itself carry no hash.
        if len(row) == 3 and row[1].startswith("sha256="):
            path = dist_info.parent / row[0]
            if _lies_in(path, prefix):
                size = int(row[2]) if _SIZE.fullmatch(row[2]) else None
                entries[path] = RecordEntry(hex_digest(row[1]), size)
    return entries


def record_rows(dist_info: Path) -> list[list[str]]:
    """The lines of the RECORD of a distribution, path first; none without one. Raises ``BadInput`` where it is none."""
    record = dist_info / "RECORD"
    if not record.is_file():
        return []
    rows = csv.reader(io.StringIO(reading.read_text(record, fix=_FIX), newline=""))
    try:
        return [row for row in rows if row]
    except csv.Error as error:
        raise BadInput(f"is no RECORD: {error}", file=record, line=rows.line_num, fix=_FIX) from None


def _lies_in(path: Path, prefix: Path) -> bool:
    """Whether a recorded path is one of the prefix; no distribution installs into anything else."""
    return "\0" not in str(path) and Path(os.path.normpath(path)).is_relative_to(os.path.normpath(prefix))


def hex_digest(recorded: str) -> str:
    """``sha256=<urlsafe base64 without padding>`` of a RECORD as hex digits; "" where it is no such hash."""
    algorithm, _, digits = recorded.partition("=")
    if algorithm != "sha256":
        return ""
    try:
        return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4)).hex()
    except ValueError:
        return ""


def owner(prefix: Path, path: Path) -> PypiName | None:
    """The distribution that recorded ``path``; None where none did."""
    return next((name for name, files in records(prefix).items() if path in files), None)
