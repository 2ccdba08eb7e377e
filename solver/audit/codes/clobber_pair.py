"""What every witness of a ``clobber`` says: of two distributions, whether they write the same path differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from solver.audit.askers import askers_of
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.audit.tools import reinstalling, taking_out
from solver.core.model import Clause, Finding, PypiName

CODE = "clobber"
_SHOWN = 12
_Path = TypeVar("_Path")


@dataclass(frozen=True)
class Statement:
    """What one witness says of two distributions."""

    pair: frozenset[PypiName]
    finding: Finding | None
    """None: they get on with each other."""


def shared_paths(writers: Iterable[tuple[PypiName, Iterable[_Path]]]) -> dict[tuple[PypiName, PypiName], list[_Path]]:
    """The paths that two distributions both write, by the pair, in the order in which they were given."""
    by_path: dict[_Path, list[PypiName]] = {}
    for name, paths in writers:
        for path in paths:
            by_path.setdefault(path, []).append(name)
    shared: dict[tuple[PypiName, PypiName], list[_Path]] = {}
    for path, names in by_path.items():
        for pair in combinations(names, 2):
            shared.setdefault(pair, []).append(path)
    return shared


def first_paths(paths: Sequence[str]) -> tuple[str, ...]:
    """The first paths, and how many more there are."""
    more = len(paths) - _SHOWN
    return (*paths[:_SHOWN], *([f"and {more} more"] if more > 0 else []))


def pair_finding(
    context: AuditContext,
    first: Package,
    second: Package,
    what: str,
    source: str,
    paths: Sequence[str],
    sure: bool = True,
    besides: Sequence[str] = (),
) -> Finding:
    """The finding that tells ``what`` two packages do; a warning unless the witness is ``sure`` of these versions."""
    return finding_about(
        (first, second),
        code=CODE,
        severity="error" if sure else "warning",
        why=(
            Clause(subject=f"{first.name} and {second.name}", predicate=what),
            *(Clause(predicate=text) for text in besides),
            Clause(predicate=_winner(context, first, second)),
        ),
        source=source,
        cure=_cure(context, first, second),
        paths=first_paths(paths),
    )


def _winner(context: AuditContext, first: Package, second: Package) -> str:
    if not context.set.ordered:
        return "the one that is installed last wins, and nothing here tells which that is"
    order = [package.name for package in context.set.packages]
    last = max((first, second), key=lambda package: order.index(package.name))
    return f"{last.name} is installed last and wins"


def _cure(context: AuditContext, first: Package, second: Package) -> str:
    cuda = {p.package.name: p.library.cuda for p in context.provided}
    majors = sorted({cuda[package.name] for package in (first, second) if package.name in cuda})
    if len(majors) < 2:
        return _keeping_one(context, first, second)
    builds = [build.pin for build in context.builds if build.major in majors]
    of = f" ({listed(sorted(builds))})" if builds else ""
    used = {build.major for build in context.builds if build.major in majors}
    if len(used) == 1:
        stays, goes = sorted((first, second), key=lambda package: cuda.get(package.name) not in used)
        gone = [item.package for item in context.provided if item.library.cuda not in used]
        why = f"which is of the CUDA of {listed(sorted(builds))}"
        return _keeping(context, stays, goes, why, gone, _written_over(context, used, stays))
    return f"choose frameworks that are built for one CUDA major{of}, then one of the two goes"


def _keeping_one(context: AuditContext, first: Package, second: Package) -> str:
    """Of two that do the same the one stays that something asks for, if there is just one such."""
    asking = {package: askers_of(context, package.name) for package in (first, second)}
    required = [package for package, askers in asking.items() if askers]
    if len(required) == 1:
        (stays,) = required
        goes = second if stays is first else first
        ask = "asks" if len(asking[stays]) == 1 else "ask"
        return _keeping(context, stays, goes, f"which {listed(one.pin for one in asking[stays])} {ask} for")
    if required:
        whose = " and ".join(f"{listed(one.pin for one in askers)} for {p.name}" for p, askers in asking.items())
        return f"ask for one of the two only, where {whose} asks; {reinstalling(context.set.kind, first)}"
    either = " or ".join(taking_out(context.set.kind, [package]) for package in (first, second))
    return f"keep one of {first.name} and {second.name}: {either}; {reinstalling(context.set.kind, first)}"


def _written_over(context: AuditContext, used: set[int], stays: Package) -> list[Package]:
    """``stays`` and whatever else of the CUDA in use lies in one folder with a library of another CUDA."""
    others = {item.library.directory for item in context.provided if item.library.cuda not in used}
    mine = {item.package for item in context.provided if item.library.cuda in used and item.library.directory in others}
    return sorted({stays, *mine}, key=lambda package: package.name)


def _keeping(
    context: AuditContext,
    stays: Package,
    goes: Package,
    why: str,
    gone: Sequence[Package] = (),
    written_over: Sequence[Package] = (),
) -> str:
    """``gone`` is what has no place in the set either, and goes together with ``goes``.

    ``written_over``: what has to be installed again after that; ``stays`` where nothing is named.
    """
    leave = sorted({goes, *gone}, key=lambda package: package.name)
    asking = {one for package in leave for one in askers_of(context, package.name)}
    askers = sorted(asking - {*leave}, key=lambda package: package.pin)
    out = taking_out(context.set.kind, leave)
    if askers:
        others, ask = listed(sorted({package.name for package in askers})), "asks" if len(askers) == 1 else "ask"
        out = f"be rid of {goes.name}, which {listed(one.pin for one in askers)} {ask} for: take another {others}"
    return f"keep {stays.name}, {why}, and {out}; {reinstalling(context.set.kind, *(written_over or (stays,)))}"
