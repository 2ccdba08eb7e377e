"""A set of which an index beside the default one may serve some builds, as if it did not.

Whose builds those are nobody knows, but that is all that is in doubt: versions, bounds, pythons and twins are those of
the default index's files. What is found so is told with the doubt, and milder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from solver.audit.codes import unknown
from solver.audit.context import AuditContext
from solver.audit.package_set import Package, PackageSet
from solver.audit.phrases import listed
from solver.core.acceptance import finding_id
from solver.core.indexes import index_of, is_default
from solver.core.model import SEVERITIES, Clause, Finding, Severity

MILDER: Mapping[Severity, Severity] = {"error": "warning", "warning": "note", "note": "note"}
"""How grave a breach is where only another build of the package is known to break."""
HARDLY: Mapping[Severity, Severity] = {"error": "note", "warning": "note", "note": "note"}
"""The same where nobody knows which version of the other package that build asks for."""


def may_come_from_elsewhere(package_set: PackageSet) -> list[Package]:
    """The packages that the default index or one beside it serves, nobody knows which, of a set as it is installed."""
    return [one for one in package_set.packages if one.elsewhere is not None and any(map(is_default, one.sources))]


def by_default_index(package_set: PackageSet) -> PackageSet:
    """``package_set`` with what an index beside the default one may serve taken from that one."""
    shared = package_set.sources
    return structs.replace(
        package_set,
        packages=tuple(map(_by_default_index, package_set.packages)),
        constraints=tuple(map(_by_default_index, package_set.constraints)),
        sources=None if shared is None else _known(shared),
    )


def supposing(context: AuditContext) -> AuditContext:
    """``context`` with its set as ``by_default_index`` has it."""
    return replace(context, set=by_default_index(context.set))


def _by_default_index(package: Package) -> Package:
    kept = _known(package.sources)
    if kept == package.sources:
        return package
    return structs.replace(package, sources=kept, elsewhere=None)


def _known(sources: tuple[str, ...]) -> tuple[str, ...]:
    """``sources`` without what nobody knows, where the default index is among them."""
    if not any(map(is_default, sources)):
        return sources
    return tuple(source for source in sources if is_default(source) or index_of(source) is not None)


def with_supposed(
    strange: Sequence[Package], findings: Iterable[Finding], supposed: Iterable[Finding]
) -> Iterator[Finding]:
    """``findings`` of a set, and with the doubt what would be found besides if the default index served ``strange``."""
    certain = {finding_id(one.code, one.names): one for one in findings}
    names = {package.name for package in strange}
    doubted: dict[str, Finding] = {}
    for one in supposed:
        key = finding_id(one.code, one.names)
        milder = _with_doubt(one, strange)
        if one.lacking:  # what nobody recorded is as little known
            continue
        if key not in certain or (one != certain[key] and _tells_more(milder, certain[key])):
            doubted[key] = milder
    for key, one in certain.items():
        concerned = names.intersection(one.names)
        if one.code == unknown.CODE and concerned:
            those = [package for package in strange if package.name in one.names]
            yield unknown.may_be_elsewhere(those) if one == unknown.built_elsewhere(those) else one
        # What nobody could tell there is told now.
        elif key not in doubted and (one.severity != "note" or one.row is not None or not concerned):
            yield one
    yield from doubted.values()


def _tells_more(doubted: Finding, certain: Finding) -> bool:
    """Whether a finding is graver than one of the same id; a rule tells by itself what it is of another build."""
    is_of_a_rule = certain.row is not None and certain.row == doubted.row
    return not is_of_a_rule and SEVERITIES.index(doubted.severity) < SEVERITIES.index(certain.severity)


def _with_doubt(finding: Finding, strange: Sequence[Package]) -> Finding:
    """A finding that is known of the default index's files alone."""
    concerned = [one for one in strange if one.name in finding.names] or strange
    hosts = listed(sorted({one.elsewhere or "" for one in concerned}))
    doubt = f"this is known of the default index's wheel, and nobody read it of a build of {hosts}"
    clauses = (*finding.clauses, Clause(predicate=doubt)) if finding.clauses else ()
    return structs.replace(finding, severity=MILDER[finding.severity], why=f"{finding.why}; {doubt}", clauses=clauses)
