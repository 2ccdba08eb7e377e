"""The files of an installed prefix: its site-packages and what each distribution recorded."""

from __future__ import annotations

import base64
import csv
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from solver.core.model import PypiName, pypi_name


@dataclass(frozen=True)
class RecordEntry:
    """One line of a RECORD."""

    sha256: str
    """Hex digits."""
    size: int | None


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
        written = re.search(r"^version(?:_info)?\s*=\s*(3\.\d+)", config.read_text(encoding="utf-8"), re.MULTILINE)
        if written:
            return written[1]
    for record in sorted(prefix.glob("conda-meta/python-3.*.json")):
        match = re.match(r"python-(3\.\d+)", record.name)
        if match:
            return match[1]
    return None


def distributions_in(folder: Path) -> dict[PypiName, list[str]]:
    """The versions that the .dist-info folders of a folder name, by distribution; empty without the folder."""
    versions: dict[PypiName, list[str]] = {}
    for path in sorted(folder.glob("*.dist-info")):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        versions.setdefault(pypi_name(name), []).append(version)
    return versions


@functools.lru_cache(maxsize=8)
def records(prefix: Path) -> Mapping[PypiName, Mapping[Path, RecordEntry]]:
    """What each distribution of the prefix recorded: absolute path -> hash and size."""
    return {
        _name(folder): _record(folder) for site in site_packages(prefix) for folder in sorted(site.glob("*.dist-info"))
    }


def _name(dist_info: Path) -> PypiName:
    return pypi_name(dist_info.name.removesuffix(".dist-info").partition("-")[0])


def _record(dist_info: Path) -> dict[Path, RecordEntry]:
    record = dist_info / "RECORD"
    if not record.is_file():
        return {}
    entries = {}
    with record.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            # Compiled files and the RECORD itself carry no hash.
            if len(row) == 3 and row[1].startswith("sha256="):
                size = int(row[2]) if row[2].isdigit() else None
                path = dist_info.parent / row[0]
                entries[path] = RecordEntry(hex_digest(row[1]), size)
    return entries


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
