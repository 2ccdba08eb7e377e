"""The search of a conda profile: lexicographic over the axes, by asking the channel's solver again and again.

py-rattler prefers newer packages, but in an order of its own; so each axis in turn
is raised to the newest version that still solves, and then held there. A set that
the matrices know not to work splits the search: each branch keeps to one cure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from solver.core.errors import InterlockError
from solver.core.model import CondaName
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import match_spec, spec_name
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver
from solver.solve.conda.traps import CondaBreach

if TYPE_CHECKING:
    from rattler import RepoDataRecord

Records = Mapping[CondaName, "RepoDataRecord"]
Judge = Callable[[Mapping[CondaName, CondaRecord]], Sequence[CondaBreach]]

CHANNEL = "channel"
"""The source of what the channel's solver itself refused."""
MOST_SPLITS = 100
"""More splits than any real request needs; reaching it means that cures do not cure."""


@dataclass(frozen=True)
class Branch:
    """One way to meet the request."""

    specs: tuple[str, ...]
    constraints: tuple[str, ...]
    pins: tuple[str, ...] = ()
    """Constraints that hold axes at the versions found so far."""


@dataclass(frozen=True)
class Rejected:
    """What was tried before the solution and why it cannot be."""

    package: CondaName
    tried: str
    """Such as "newer than 2.10.0", or a version."""
    why: str
    source: str
    row: str | None = None
    """Id of the row that rejects it; None: no row does."""


@dataclass
class SearchResult:
    """What a search found, and what it had to leave on the way."""

    records: tuple[CondaRecord, ...] = ()
    branch: Branch | None = None
    """With ``pins``: the very request that gives ``records``. None: there are none."""
    rejected: list[Rejected] = field(default_factory=list)
    solves: int = 0


@dataclass
class ChannelSearch:
    """Finds the best set of several branches."""

    solver: ChannelSolver
    axes: Sequence[CondaName]
    """In the order of preference."""
    judge: Judge
    result: SearchResult = field(default_factory=SearchResult)
    _beyond: dict[Branch, list[Rejected]] = field(default_factory=dict)
    """What each branch could not be raised to."""

    def run(self, branches: Sequence[Branch]) -> SearchResult:
        """The best set that the judge lets pass.

        Raises ``ChannelRefusal`` where there is none; ``result.rejected`` then
        holds the sets that the channel has and the judge refused.
        """
        if not branches:
            raise ChannelRefusal((), "the channels have no CUDA that the target admits", self.solver.source.partial)
        open_, refusal = self._solvable(branches)
        for _ in range(MOST_SPLITS):
            if not open_:
                raise refusal or ChannelRefusal((), "every set found is known not to work", False)
            winner, start = self._best(open_)
            records = self.solver.ours(self._solve(winner).values())
            breaches = self.judge({record.name: record for record in records})
            if not breaches:
                self.result.records, self.result.branch = records, winner
                self.result.rejected += self._beyond.get(start, [])
                return self.result
            breach = breaches[0]
            self._reject(breach, records)
            del open_[start]
            split = [replace(start, constraints=(*start.constraints, *cure)) for cure in breach.cures]
            solved, refused = self._solvable(split)
            refusal = refusal or refused
            open_ |= solved
        raise InterlockError(f"no end of sets that break {self.result.rejected[-1].why}")

    def _best(self, solved: Mapping[Branch, Records]) -> tuple[Branch, Branch]:
        """The best branch with its axes held, and the branch that it started as."""
        alive = {start: (start, records) for start, records in solved.items()}
        self._beyond.clear()
        for axis in self.axes:
            raised = {start: self._raise(axis, start, branch, records) for start, (branch, records) in alive.items()}
            versions = [records[axis].version for _, records in raised.values() if axis in records]
            if not versions:
                continue
            newest = max(versions)
            pin = f"{axis} =={newest}"
            alive = {
                start: (replace(branch, pins=(*branch.pins, pin)), records)
                for start, (branch, records) in raised.items()
                if axis in records and records[axis].version == newest
            }
        start = next(iter(alive))
        return alive[start][0], start

    def _raise(self, axis: CondaName, start: Branch, branch: Branch, records: Records) -> tuple[Branch, Records]:
        """``records`` with the newest ``axis`` that the branch has."""
        while axis in records and self._has_newer(axis, branch, records):
            now = records[axis].version
            try:
                records = self._solve(replace(branch, pins=(*branch.pins, f"{axis} >{now}")))
            except ChannelRefusal as refusal:
                tried = Rejected(axis, f"newer than {now}", refusal.reason, CHANNEL)
                self._beyond.setdefault(start, []).append(tried)
                break
        return branch, records

    def _has_newer(self, axis: CondaName, branch: Branch, records: Records) -> bool:
        now = records[axis].version
        specs = [match_spec(text) for text in (*branch.specs, *branch.constraints) if spec_name(text) == axis]
        return any(
            record.version > now and all(spec.matches(record) for spec in specs)
            for record in self.solver.candidates(axis)
        )

    def _solvable(self, branches: Sequence[Branch]) -> tuple[dict[Branch, Records], ChannelRefusal | None]:
        """The branches that have a set at all, each with one; and the first refusal."""
        solved: dict[Branch, Records] = {}
        first: ChannelRefusal | None = None
        for branch in branches:
            try:
                solved[branch] = self._solve(branch)
            except ChannelRefusal as refusal:
                first = first or refusal
        return solved, first

    def _solve(self, branch: Branch) -> Records:
        self.result.solves += 1
        return self.solver.solve(branch.specs, (*branch.constraints, *branch.pins))

    def _reject(self, breach: CondaBreach, records: Sequence[CondaRecord]) -> None:
        record = next(each for each in records if each.name == breach.package)
        tried = f"{record.version} {record.build}"
        self.result.rejected.append(Rejected(breach.package, tried, breach.why, breach.source, breach.row))
