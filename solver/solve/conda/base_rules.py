"""What rules ask of the packages that a base brings beside pip's: of torch 2.1 that setuptools is not too new.

pip's half is searched with the rules, and nothing in it asks for what conda alone brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import Answer
from solver.core.errors import BadInput, IndexUnavailable, InterlockError
from solver.core.model import Profile, PypiName, Target
from solver.index.conda_record import CondaRecord
from solver.matrix import rules
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.place import Place
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver
from solver.solve.conda.traps import as_kept


@dataclass(frozen=True)
class BaseBreach:
    """A package of the base that breaks a rule."""

    record: CondaRecord
    constraint: str
    """The MatchSpec of those that keep it."""
    why: str
    cure: str


def base_breaches(
    base: Iterable[CondaRecord], pins: Mapping[PypiName, str], target: Target, matrices: Matrices
) -> Iterator[BaseBreach]:
    """The packages of ``base`` that break a rule of severity error beside ``pins``, by which it is told."""
    projects = Names(matrices).by_pypi({record.name: record for record in base})
    alone = {name: record for name, record in projects.items() if name not in pins}
    versions = {**{name: record.version for name, record in alone.items()}, **{str(one): pins[one] for one in pins}}
    errors = (rule for rule in matrices.rules if rule.severity == "error")
    for breach in rules.broken(errors, versions, Place.of(target)):
        certain = rules.holds_of_conda(breach, alone.__contains__) is Answer.YES
        for offence in breach.offences if certain else ():
            if offence.package in alone:
                record = alone[offence.package]
                yield BaseBreach(record, as_kept(record, offence.needed), breach.rule.why, breach.rule.cure)


def keeping_rules(
    profile: Profile,
    solver: ChannelSolver,
    specs: Sequence[str],
    constraints: Sequence[str],
    base: tuple[CondaRecord, ...],
    breaches: Callable[[Iterable[CondaRecord]], Sequence[BaseBreach]],
) -> tuple[tuple[CondaRecord, ...], list[str]]:
    """``base``, or another that breaks no rule, and the constraints that give it; raises where conda has none."""
    constraints = list(constraints)
    while broken := breaches(base):
        fresh = [breach.constraint for breach in broken if breach.constraint not in constraints]
        constraints += fresh
        try:
            base = solver.close(specs, constraints) if fresh else ()
        except ChannelRefusal:
            base = ()
        if not base:
            raise _unkept(profile, broken[0], partial=solver.source.partial)
    return base, constraints


def _unkept(profile: Profile, breach: BaseBreach, *, partial: bool) -> InterlockError:
    problem = f"{breach.record.name} {breach.record.version} of conda does not go with what pip installs: {breach.why}"
    if partial:
        return IndexUnavailable(f"{profile.name}: {problem}; no other is recorded that does: ask channels with --live")
    return BadInput(f"{problem}; conda has no other that does", key=profile.name, fix=breach.cure)
