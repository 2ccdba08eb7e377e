"""Findings that have one cause are told as one: the libraries of two CUDA majors in one environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from solver.audit.codes import clobber, mixed_cuda
from solver.audit.context import AuditContext
from solver.audit.findings import in_words
from solver.audit.phrases import listed
from solver.audit.run import gravest_first
from solver.core.frameworks import framework_of
from solver.core.model import Clause, Finding, PypiName

_MOST_PATHS = 12


def majors_of(context: AuditContext) -> Mapping[PypiName, int]:
    """The CUDA major of each distribution of the set that brings CUDA libraries, and of each build that needs some."""
    builds = {build.package.name: build.major for build in context.builds if isinstance(build.major, int)}
    return builds | {item.package.name: item.library.cuda for item in context.provided}


def by_cause(findings: Iterable[Finding], majors: Mapping[PypiName, int]) -> tuple[Finding, ...]:
    """``findings``, those errors as one that nobody accepts and that are there since CUDA libraries of two majors are.

    Each tells what two of these libraries do to one another, and one cure is rid of all of them.
    """
    every = list(findings)
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in every:
        if _is_of_two_majors(finding, majors):
            groups.setdefault(finding.parts, []).append(finding)
    several = [group for group in groups.values() if len(group) > 1]
    grouped = {id(finding) for group in several for finding in group}
    left = [finding for finding in every if id(finding) not in grouped]
    return gravest_first([*left, *(_joined(group, majors) for group in several)])


def _is_of_two_majors(finding: Finding, majors: Mapping[PypiName, int]) -> bool:
    of_libraries = finding.code in (clobber.CODE, mixed_cuda.CODE) and all(name in majors for name in finding.names)
    grave = finding.severity == "error" and finding.accepted is None
    # A rule about a framework may tell what heals the set, which the libraries beside it would belie.
    if finding.row is not None and any(framework_of(name) for name in finding.names):
        return False
    return of_libraries and grave and len({majors[name] for name in finding.names}) > 1


def _joined(group: Sequence[Finding], majors: Mapping[PypiName, int]) -> Finding:
    packages = dict(
        sorted({pin: name for one in group for pin, name in zip(one.packages, one.names, strict=True)}.items())
    )
    # A clobber says which of the two goes; that takes the other causes with it.
    first = next((one for one in group if one.code == clobber.CODE), group[0])
    cudas = listed(str(major) for major in sorted({majors[name] for name in packages.values()}))
    clauses = tuple(_said_once(clause for one in group for clause in _clauses(one)))
    return structs.replace(
        first,
        code=mixed_cuda.CODE,
        packages=tuple(packages),
        names=tuple(packages.values()),
        why=f"the libraries of CUDA {cudas} lie in one environment: {in_words(one.text for one in clauses)}",
        clauses=(),
        source="; ".join(dict.fromkeys(one.source for one in group)),
        paths=tuple(dict.fromkeys(path for one in group for path in one.paths))[:_MOST_PATHS],
        brought=tuple(dict.fromkeys(line for one in group for line in one.brought)),
        row=None,
    )


def _clauses(finding: Finding) -> tuple[Clause, ...]:
    return finding.clauses or (Clause(predicate=finding.why),)


def _said_once(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """What several of ``clauses`` say is said once, of all their subjects, where the last of them stands."""
    last_first = reversed(tuple(clauses))
    subjects: dict[str, list[str]] = {}
    for clause in reversed(tuple(dict.fromkeys(last_first))):
        subjects.setdefault(clause.predicate, []).append(clause.subject)
    for predicate, several in subjects.items():
        yield Clause(subject=", ".join(filter(None, several)), predicate=predicate)
