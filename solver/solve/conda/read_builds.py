"""Of builds that are alike in preference, those whose record somebody read in a channel go first.

Of an inferred record its builds in ``depends``, its ``constrains`` and often its build number are not known, so that a
live channel may refuse what it seems to allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from solver.core.model import CondaName
from solver.index.conda_record import CondaRecord
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver

Passes = Callable[[Mapping[CondaName, CondaRecord]], bool]
"""Whether the matrices know nothing against a set."""


def prefer_read(
    solver: ChannelSolver,
    specs: Sequence[str],
    constraints: Sequence[str],
    records: Sequence[CondaRecord],
    passes: Passes = lambda chosen: True,
) -> tuple[tuple[CondaRecord, ...], tuple[str, ...]]:
    """``records``, which ``specs`` and ``constraints`` gave, with read builds in place of inferred ones alike to them.

    Also the further constraints that give them: each pins one build.
    """
    best, pins = tuple(records), tuple[str, ...]()
    for record in records:
        for other in _alike(solver, record) if record.inferred else ():
            try:
                closed = solver.close(specs, (*constraints, *pins, other.spec))
            except ChannelRefusal:
                continue
            # Whatever else would change was preferred as it is.
            same = {each.name: each for each in best if each != record} | {other.name: other}
            if same == {each.name: each for each in closed} and passes(same):
                best, pins = closed, (*pins, other.spec)
                break
    return best, pins


def _alike(solver: ChannelSolver, record: CondaRecord) -> Iterator[CondaRecord]:
    """The builds of the same version and number that were read; what a channel puts last is none of them."""
    named = (each for each in solver.candidates(record.name) if str(each.version) == record.version)
    for other in solver.ours(named):
        alike = (other.build_number, other.track_features) == (_number(record), record.track_features)
        if alike and not other.inferred:
            yield other


def _number(record: CondaRecord) -> int:
    """The build number; nobody read that of an inferred record, whose build may have it in front: 6_h5875eb1_mkl."""
    first = record.build.partition("_")[0]
    return max(record.build_number, int(first)) if first.isdigit() else record.build_number
