"""Runs every code over a set of packages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol

import msgspec

from solver.audit import rules
from solver.audit.assumed import assumed_target
from solver.audit.codes import (
    abi,
    clobber,
    cpu_build,
    cudnn_older_than_build,
    driver,
    gpu_arch,
    leftover,
    loader,
    metadata,
    mixed_cuda,
    protobuf_runtime,
    python_tag,
    unknown,
    unread,
)
from solver.audit.context import AuditContext, RecordReader
from solver.audit.origins import settled
from solver.audit.package_set import PackageSet
from solver.audit.selectors import selected
from solver.core import names
from solver.core.model import SEVERITIES, Clause, Finding, PypiName, Target
from solver.index import Index
from solver.matrix.load import Matrices


class CodeModule(Protocol):
    """What a module of ``codes`` has."""

    CODE: str
    """What its findings are told under; ``docs/codes.md`` says what each means."""

    def find(self, context: AuditContext) -> Iterator[Finding]:
        """What is broken, in any order."""
        ...


CODES: tuple[CodeModule, ...] = (
    clobber,
    mixed_cuda,
    loader,
    cudnn_older_than_build,
    gpu_arch,
    driver,
    abi,
    protobuf_runtime,
    python_tag,
    cpu_build,
    leftover,
    metadata,
    unknown,
    unread,
)
"""One module a code that more than rules tell of."""
WEIGHED = (clobber.CODE,)
"""Codes whose module tells their rules itself, after better witnesses; ``rules`` tells all others."""


EVERYTHING = ("driver", "glibc")
"""The parts of a target that a default stands for where nobody names them."""


def audit(
    package_set: PackageSet,
    matrices: Matrices,
    index: Index,
    target: Target | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    record_of: RecordReader | None = None,
) -> tuple[Finding, ...]:
    """What breaks in ``package_set`` on ``target``: the gravest first, then by code and package.

    Without a target the set's own is taken; where it has none, its platform and
    a python that it admits, and nothing is said about drivers. ``environ`` are the
    environment variables in force where the set is used; ``record_of`` reads
    the RECORD of a wheel, so that wheels which no row compares are compared.
    """
    return findings_in(context_of(package_set, matrices, index, target, environ, record_of))


def findings_in(context: AuditContext) -> tuple[Finding, ...]:
    """What every code finds, in the order of ``audit``."""
    findings = {finding for module in CODES for finding in module.find(context)}
    findings.update(rules.find(context, WEIGHED))
    return gravest_first(of_one_pair(findings))


def of_one_pair(findings: Collection[Finding]) -> Iterator[Finding]:
    """``findings``, a bound that metadata set told with the rule that says of the same packages what comes of it."""
    bounds = {_pair(one): one for one in findings if one.code == metadata.CODE and one.row is None}
    told: set[Finding] = set()
    kept: list[Finding] = []
    for one in findings:
        bound = bounds.get(_pair(one)) if one.row is not None and one.code != metadata.CODE else None
        if bound is not None:
            told.add(bound)
            clauses = (*(one.clauses or (Clause(predicate=one.why),)), Clause(predicate=bound.why))
            one = msgspec.structs.replace(one, why=f"{one.why}; {bound.why}", clauses=clauses)
        kept.append(one)
    return (one for one in kept if one not in told)


def _pair(finding: Finding) -> tuple[str, frozenset[PypiName]]:
    return finding.severity, frozenset(finding.names)


def gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """As they are told: the gravest first, then by code and package, and nothing that is secret of an address."""
    return tuple(sorted(map(_public, findings), key=_order))


def _public(finding: Finding) -> Finding:
    """``finding`` without what is secret in the addresses that it quotes of a file."""
    texts = {key: names.without_secrets(getattr(finding, key)) for key in ("why", "cure", "source")}
    return msgspec.structs.replace(finding, **texts, brought=tuple(map(names.without_secrets, finding.brought)))


def context_of(
    package_set: PackageSet,
    matrices: Matrices,
    index: Index,
    target: Target | None = None,
    environ: Mapping[str, str] | None = None,
    record_of: RecordReader | None = None,
    *,
    named: Collection[str] = EVERYTHING,
) -> AuditContext:
    """What an audit with these arguments looks at; ``named`` are the parts of ``target`` that are not our defaults."""
    package_set = settled(selected(package_set, matrices), matrices, index, target)
    return AuditContext(
        set=package_set,
        matrices=matrices,
        index=index,
        target=target or assumed_target(package_set, matrices, index),
        assumed=package_set.target is None and (target is None or "driver" not in named),
        glibc_assumed=package_set.target is None and (target is None or "glibc" not in named),
        environ=dict(environ or {}),
        record_of=record_of,
    )


def _order(finding: Finding) -> tuple[int, str, tuple[str, ...], str]:
    return SEVERITIES.index(finding.severity), finding.code, finding.packages, finding.why
