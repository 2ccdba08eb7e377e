"""The ``conda:`` part of solution.yaml: every conda package of a lock with its hashes.

environment.yml cannot hold hashes, so this is what ``interlock install`` verifies
against, and what the other formats are made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.model import Value
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.index.conda_snapshot import RecordLine, from_line, to_line

KEY = "conda"


class CondaSection(Value, frozen=True, kw_only=True, omit_defaults=True):
    """What solution.yaml says of the conda half; without ``packages`` there is none."""

    channels: tuple[str, ...]
    """Highest priority first."""
    virtual: dict[str, str] | None = None
    """Version of each virtual package that the target brings, by name; None: there is no conda half."""
    packages: dict[str, tuple[RecordLine, ...]] | None = None
    """By the address of the channel's folder; None: there is no conda half."""
    inferred: int | None = None
    """How many of the packages nobody read from a channel itself; None: there is no conda half."""
    not_written: str | None = None
    """Why there is no conda half; None: there is one."""
    unread: tuple[str, ...] = ()
    """Those of ``channels`` that had no say, since nobody had read them."""


def conda_section(
    records: Iterable[CondaRecord], channels: Sequence[str], virtual: Mapping[str, str], unread: Sequence[str] = ()
) -> CondaSection:
    """The section of a lock that installs ``records`` upon the ``virtual`` packages of its target."""
    packages: dict[str, tuple[RecordLine, ...]] = {}
    ordered = by_name_and_build(records)
    for record in ordered:
        folder = f"{record.channel}/{record.subdir}"
        packages[folder] = (*packages.get(folder, ()), to_line(record))
    return CondaSection(
        channels=tuple(channels),
        virtual=dict(sorted(virtual.items())),
        packages=dict(sorted(packages.items())),
        inferred=sum(record.inferred for record in ordered),
        unread=tuple(unread),
    )


def section_records(section: CondaSection, file: str | Path) -> tuple[CondaRecord, ...]:
    """The packages of a section; raises ``BadInput`` with the place in ``file`` that cannot be used."""
    records = []
    for folder, lines in (section.packages or {}).items():
        channel, _, subdir = folder.rpartition("/")
        if not channel:
            raise _bad("expected the address of a channel's folder", folder, file)
        for number, line in enumerate(lines):
            try:
                records.append(from_line(line, channel, subdir))
            except ValueError as error:
                raise _bad(str(error), f"{folder}[{number}]", file) from None
    return by_name_and_build(records)


def _bad(problem: str, key: str, file: str | Path) -> BadInput:
    return BadInput(problem, file=file, key=f"{KEY}.packages.{key}", fix="make the lock again with `interlock lock`")
