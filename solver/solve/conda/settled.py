"""What a lock of conda packages holds, and goes on to hold while some of it is made newer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from solver.core.frameworks import FRAMEWORKS
from solver.core.model import CondaName
from solver.core.versions import minor
from solver.index.conda_record import CondaRecord
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver
from solver.solve.conda.search import Branch
from solver.solve.conda.traps import PYTHON


@dataclass(frozen=True)
class SettledRecords:
    """The records of a lock, each of which stays wherever it can."""

    records: tuple[CondaRecord, ...]
    newer: tuple[CondaName, ...]
    """Packages that are made as new as python and the frameworks allow."""

    @property
    def staying(self) -> tuple[CondaRecord, ...]:
        """What is preferred to any newer build."""
        return tuple(record for record in self.records if record.name not in self.newer)

    @property
    def pins(self) -> tuple[str, ...]:
        """Python and the frameworks, which never move for the sake of another package."""
        frameworks = {entry.conda for entry in FRAMEWORKS.values()}
        pythons = [f"{PYTHON} {minor(record.version)}.*" for record in self.staying if record.name == PYTHON]
        return (*pythons, *(f"{one.name} =={one.version}" for one in self.staying if one.name in frameworks))


def settled_branches(settled: SettledRecords, branches: Iterable[Branch], solver: ChannelSolver) -> list[Branch]:
    """``branches`` with what never moves held, the one in which most of the lock stays alone.

    All of them where none has a set: the search then tells why.
    """
    pinned = [replace(branch, pins=settled.pins) for branch in branches]
    moved: list[tuple[int, int]] = []
    for place, branch in enumerate(pinned):
        try:
            records = solver.close(branch.specs, (*branch.constraints, *branch.pins))
        except ChannelRefusal:
            continue
        moved.append((_moved(settled.records, records), place))
    return [pinned[min(moved)[1]]] if moved else pinned


def _moved(before: Sequence[CondaRecord], after: Sequence[CondaRecord]) -> int:
    return len({record.filename for record in before} ^ {record.filename for record in after})
