"""What is told where nobody read which CUDA libraries would come along with a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from solver.audit.codes import loader
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.audit.resolve.choices import Choices
from solver.audit.resolve.resolution import Resolved
from solver.core.answer import NOT_KNOWN, Answer
from solver.core.frameworks import opens_libraries
from solver.core.model import Finding
from solver.matrix.distributions import TOOLKIT
from solver.matrix.libraries import looks_up

_CURE = "a lock of the list, or the installed prefix"


def unread_bringers(context: AuditContext, choices: Choices, resolved: Resolved) -> tuple[Package, ...]:
    """Whoever brings CUDA libraries of which nobody knows the version, or may bring some, sorted by pin.

    ``context`` is that of the resolved list.
    """
    libraries = {row.distribution for row in context.matrices.libraries} | {TOOLKIT}
    brought = (one for one in context.set.packages if one.name in libraries and one.brought_by)
    unread = {package for package in brought if context.is_unread(package)}
    for pick in resolved.choices.values():
        dependencies = [resolved.choices.get(ask.ident) for ask in choices.asks(pick)]
        if any(one is not None and one.version is NOT_KNOWN and one.name in libraries for one in dependencies):
            unread.add(context.packages[pick.name])
    unread.update(_unread_builds(context))
    return tuple(sorted(unread, key=lambda package: package.pin))


def _unread_builds(context: AuditContext) -> Iterator[Package]:
    """Builds that may bring libraries of the CUDA major that another build looks for: nobody read what they ask for."""
    opening = {build.major for build in context.builds if opens_libraries(build.framework)} - {None}
    for build in context.builds:
        may_bring = build.major in opening or (bool(opening) and build.major is NOT_KNOWN)
        of_its_own = opens_libraries(build.framework) or build.bundles is Answer.YES
        if may_bring and not of_its_own and context.is_unread(build.package):
            yield build.package


def doubted(
    context: AuditContext, findings: Iterable[Finding], unread: Sequence[Package], lines: Sequence[str] = ()
) -> Iterator[Finding]:
    """``findings`` of a set for which ``unread`` bring along what nobody read: what is missing may be among that.

    So may it be among what ``lines`` without a name install.
    """
    bringers = (*(one.pin for one in unread), *lines)
    missing: set[str] = set()
    for finding in findings:
        if finding.code == loader.CODE:
            missing.update(finding.packages)
        else:
            yield finding
    for build in context.builds if bringers else ():
        if build.pin in missing and looks_up(build.row) is Answer.YES:
            yield _doubt(context, build.package, unread, bringers)


def _doubt(context: AuditContext, package: Package, unread: Sequence[Package], bringers: Sequence[str]) -> Finding:
    bring = "brings" if len(bringers) == 1 else "bring"
    of_image = context.set.base is not None
    return finding_about(
        (package, *unread),
        code=loader.CODE,
        severity="note",
        why=f"nobody read which CUDA libraries {listed(bringers)} {bring} along, so it is not known "
        f"whether {package.pin} finds those that it opens",
        source="the package index",
        cure=f"audit {'the environment inside the built image' if of_image else _CURE}",
    )
