"""``metadata``: what ``pip check`` would say, for sets that are not installed yet; yanked files too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import Requirement

from solver.audit.askers import refusing
from solver.audit.codes.metadata_extra import outside_the_extra
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package, parsed
from solver.audit.phrases import listed
from solver.audit.set_kinds import KINDS
from solver.core.answer import NotKnown
from solver.core.markers import applies, waits_for_an_extra
from solver.core.model import Finding, Release
from solver.core.spelling import command
from solver.core.target import marker_environment
from solver.core.versions import meets
from solver.index import ReleaseRefused
from solver.index.conda_spec import meets_spec
from solver.matrix.conda_builds import refused_by

CODE = "metadata"
_MOST = 20
"""So many requirements are named in a sentence."""
_SOME = 5
"""So many of each kind where several packages are told of together."""


def find(context: AuditContext) -> Iterator[Finding]:
    """Requirements that the set breaks or leaves open, bounds of an extra that was left out, yanked files."""
    environment = marker_environment(context.target)
    unread: list[Package] = []
    missing: dict[Package, list[str]] = {}
    for package in context.set.packages:
        if package.version is None:
            continue
        yield from _traps(context, package)
        try:
            requires = context.requires(package)
        except ReleaseRefused as error:
            yield _refused(package, error)
            continue
        if not isinstance(requires, NotKnown):
            yield from _requirements(context, package, requires, environment, missing)
            yield from _overridden(context, package, environment)
        elif context.listed_releases(package) and not context.set.resolved:
            # A release of which all else is recorded looks checked; one that is not recorded at all does not. Of an
            # open list it is told with all else that is not known of it.
            unread.append(package)
        yield from _yanked(package, context.listed_releases(package))
    if missing:
        yield _missing(context, missing)
    if unread:
        yield _unread(unread)
    for build in context.builds:
        yield from outside_the_extra(context, build)


def _requirements(
    context: AuditContext,
    package: Package,
    requires: tuple[str, ...],
    environment: Mapping[str, str],
    missing: dict[Package, list[str]],
) -> Iterator[Finding]:
    """What a package asks for and the set has in another version; what it has not is added to ``missing``."""
    unmet: dict[tuple[str, ...], list[tuple[Package, Requirement]]] = {}
    for text in requires:
        if not package.extras and waits_for_an_extra(text):
            continue
        requirement = parsed(text)
        if requirement is None or not applies(requirement.marker, environment, package.extras):
            continue
        other = context.package(requirement.name)
        if other is None and context.set.closed:
            missing.setdefault(package, []).append(f"{requirement.name}{requirement.specifier}")
        elif other is not None and other.version is not None and not meets(other.version, str(requirement.specifier)):
            # What the same line brings in other versions has one cause.
            unmet.setdefault(other.brought_by or (other.pin,), []).append((other, requirement))
    for several in unmet.values():
        yield _unmet(context, package, several)


def _overridden(context: AuditContext, package: Package, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What a package itself asks for, where the project overrides that and has another version."""
    texts = context.own_requires(package) if context.set.overrides else ()
    for text in () if isinstance(texts, NotKnown) else texts:
        requirement = parsed(text)
        other = None if requirement is None else context.package(requirement.name)
        if requirement is None or other is None or other.name not in dict(context.set.overrides):
            continue
        applied = applies(requirement.marker, environment, package.extras)
        if applied and other.version is not None and not meets(other.version, str(requirement.specifier)):
            yield finding_about(
                (package, other),
                code=CODE,
                severity="warning",
                why=f"{package.pin} asks for {requirement.name}{requirement.specifier}, and the set has "
                f"{other.version}, since the project overrides that",
                source=f"Requires-Dist of {package.pin}",
                cure=f"leave it where it was tried, or take {other.name} out of override-dependencies",
            )


def _missing(context: AuditContext, missing: Mapping[Package, Sequence[str]]) -> Finding:
    """All that packages ask for and the set lacks: one lock left them out, for one reason."""
    # One package's requirements are told in whole; of several as many as can be read.
    most = _MOST if len(missing) == 1 else _SOME
    asks = {package: sorted(set(several)) for package, several in missing.items()}
    clauses = [f"{package.pin} asks for {listed(several, most=most)}" for package, several in asks.items()]
    if len(clauses) > _SOME:
        clauses = [*clauses[: _SOME - 1], f"{len(clauses) - _SOME + 1} more packages for others"]
    are = "which is not in the set" if sum(map(len, asks.values())) == 1 else "none of which is in the set"
    names, pins = sorted({package.name for package in asks}), sorted(package.pin for package in asks)
    lock = KINDS[context.set.kind].locks
    cure = f"take another version of {listed(names)} and lock again with `{lock}`"
    if lock is None:
        cure = f"add {listed(sorted({ask for several in asks.values() for ask in several}), most=_MOST)}"
    return finding_about(
        asks,
        code=CODE,
        severity="error",
        why=f"{'; '.join(clauses)}, {are}",
        source=f"Requires-Dist of {listed(pins)}",
        cure=cure,
    )


def _unmet(context: AuditContext, package: Package, unmet: Sequence[tuple[Package, Requirement]]) -> Finding:
    """What a package asks for and the set has in other versions, all from one line."""
    asks = listed((f"{one.name}{one.specifier}" for _, one in unmet), most=_SOME)
    versions = listed((str(other.version) for other, _ in unmet), most=_SOME)
    other, requirement = unmet[0]
    cure = f"take a {other.name} within {requirement.specifier}, or another {package.name}"
    if len(unmet) > 1:
        refused = (asker for one, ask in unmet for asker, _ in refusing(context, one.name, str(ask.specifier)))
        pins = dict.fromkeys((package.pin, *sorted(one.pin for one in refused)))
        cure = f"{command('interlock', 'explain', *pins)} looks for the nearest that go together"
    return finding_about(
        (package, *(other for other, _ in unmet)),
        code=CODE,
        severity="error",
        why=f"{package.pin} asks for {asks}, and the set has {versions}",
        source=f"Requires-Dist of {package.pin}",
        cure=cure,
    )


def _unread(packages: Sequence[Package]) -> Finding:
    pins = listed(sorted(package.pin for package in packages))
    return finding_about(
        packages,
        code=CODE,
        severity="note",
        why=f"nobody read the requirements of {pins}, so that nobody knows whether the set meets them",
        source="the recorded index",
        cure="`pip check` tells where the set is installed",
    )


def _refused(package: Package, error: ReleaseRefused) -> Finding:
    return finding_about(
        (package,),
        code=CODE,
        severity="error",
        why=f"the package index cannot mean {package.pin}: {error}",
        source="the package index",
        cure=f"take another version of {package.name}, and tell the index",
    )


def _yanked(package: Package, releases: tuple[Release, ...]) -> Iterator[Finding]:
    reasons = [release.yanked for release in releases if release.yanked is not None]
    # Some of its wheels may be yanked and others not; what is left can be installed.
    if reasons and len(reasons) == len(releases):
        said = f": {reasons[0]}" if reasons[0] else ", without a reason"
        yield finding_about(
            (package,),
            code=CODE,
            severity="warning",
            why=f"{package.pin} was yanked from the index{said}",
            source="the index",
            cure=f"take another {package.name}",
        )


def _traps(context: AuditContext, package: Package) -> Iterator[Finding]:
    """conda-forge builds that a solver accepts and that cannot work."""
    if package.conda is None or package.version is None:
        return
    for row in refused_by(context.matrices, package.conda):
        if meets_spec(row.match, package.conda, package.version, package.build, context.target.platform):
            yield finding_about(
                (package,),
                code=CODE,
                severity="error",
                why=f"conda-forge's build {package.build} of {package.pin} cannot work: {row.why}",
                source=row.source,
                cure=f"take another build of {package.conda}",
                row=row.id,
            )
