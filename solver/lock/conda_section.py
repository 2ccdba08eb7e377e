"""The ``conda:`` part of solution.yaml: every conda package of a lock with its hashes.

environment.yml cannot hold hashes, so this is what ``interlock install`` verifies
against, and what the other formats are made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from solver.core.errors import BadInput
from solver.index.conda_record import CondaRecord, in_order
from solver.index.conda_snapshot import RecordLine, from_line, to_line

KEY = "conda"


def conda_section(
    records: Iterable[CondaRecord], channels: Sequence[str], virtual: Mapping[str, str]
) -> dict[str, Any]:
    """Plain data for solution.yaml: channels, the target's virtual packages, packages by channel folder."""
    packages: dict[str, list[Any]] = {}
    for record in in_order(records):
        lines = packages.setdefault(f"{record.channel}/{record.subdir}", [])
        lines.append(msgspec.to_builtins(to_line(record)))
    return {
        "channels": list(channels),
        "virtual": dict(sorted(virtual.items())),
        "packages": {folder: packages[folder] for folder in sorted(packages)},
    }


def read_conda_section(section: object, file: str | Path) -> tuple[CondaRecord, ...]:
    """The packages of a ``conda:`` part; raises ``BadInput`` with the place that cannot be used."""
    packages = section.get("packages") if isinstance(section, dict) else None
    if not isinstance(packages, dict):
        raise _bad("expected the packages of each channel folder", "packages", file)
    records = []
    for folder, lines in packages.items():
        channel, _, subdir = str(folder).rpartition("/")
        if not channel or not isinstance(lines, list):
            raise _bad("expected the address of a channel's folder and a list of packages", str(folder), file)
        for number, line in enumerate(lines):
            try:
                records.append(from_line(msgspec.convert(line, RecordLine, strict=True), channel, subdir))
            except (msgspec.ValidationError, ValueError) as error:
                raise _bad(str(error), f"packages.{folder}[{number}]", file) from None
    return in_order(records)


def _bad(problem: str, key: str, file: str | Path) -> BadInput:
    return BadInput(problem, file=file, key=f"{KEY}.{key}", fix="make the lock again with `interlock lock`")
