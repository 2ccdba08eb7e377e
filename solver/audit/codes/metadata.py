"""``metadata``: what ``pip check`` would say, for sets that are not installed yet; yanked files too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package, SetKind, parsed
from solver.audit.words import listed
from solver.core.answer import NotKnown
from solver.core.markers import applies, waits_for_an_extra
from solver.core.model import Finding, Release
from solver.core.target import marker_environment
from solver.core.versions import meets, specifier_or_none
from solver.index import ReleaseRefused
from solver.index.conda_spec import meets_spec
from solver.matrix.observations import is_of_several_frameworks, of_this

CODE = "metadata"
_MOST = 20
"""So many requirements are named in a sentence."""
_LOCKERS: Mapping[SetKind, str] = {
    "uv.lock": "uv lock",
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock",
    "Pipfile.lock": "pipenv lock",
    "pixi": "pixi lock",
}
"""What makes each kind of lock that holds all that its packages ask for: what is missing there, it left out."""


def find(context: AuditContext) -> Iterator[Finding]:
    """Requirements that the set breaks or leaves open, bounds of an extra that was left out, yanked files."""
    environment = marker_environment(context.target)
    unread: list[Package] = []
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
            yield from _requirements(context, package, requires, environment)
        elif context.listed_releases(package) and not context.set.resolved:
            # A release of which all else is recorded looks checked; one that is not recorded at all does not. Of an
            # open list it is told with all else that is not known of it.
            unread.append(package)
        yield from _yanked(package, context.listed_releases(package))
    if unread:
        yield _unread(unread)
    for build in context.builds:
        yield from _relaxed(context, build)


def _requirements(
    context: AuditContext, package: Package, requires: tuple[str, ...], environment: Mapping[str, str]
) -> Iterator[Finding]:
    missing: list[str] = []
    for text in requires:
        # Most lines belong to extras that nobody named; parsing them costs more than all else here.
        if not package.extras and waits_for_an_extra(text.partition(";")[2]):
            continue
        requirement = parsed(text)
        if requirement is None or not applies(requirement.marker, environment, package.extras):
            continue
        other = context.package(requirement.name)
        ask = f"{requirement.name}{requirement.specifier}"
        if other is None and context.set.closed:
            missing.append(ask)
        elif other is not None and other.version is not None and not meets(other.version, str(requirement.specifier)):
            why = f"asks for {ask}, and the set has {other.version}"
            cure = f"take a {other.name} within {requirement.specifier}, or another {package.name}"
            yield _unmet(package, (package, other), why, cure)
    if missing:
        yield _missing(context, package, sorted(set(missing)))


def _missing(context: AuditContext, package: Package, asks: Sequence[str]) -> Finding:
    """All that one package asks for and the set lacks: one lock left them out, for one reason."""
    what = listed(asks, most=_MOST)
    are = "which is not in the set" if len(asks) == 1 else "none of which is in the set"
    lock = _LOCKERS.get(context.set.kind)
    add = f"add {what}" if lock is None else f"take another version of {package.name} and lock again with `{lock}`"
    return _unmet(package, (package,), f"asks for {what}, {are}", add)


def _unmet(package: Package, packages: tuple[Package, ...], why: str, cure: str) -> Finding:
    return finding_about(
        packages,
        code=CODE,
        severity="error",
        why=f"{package.pin} {why}",
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


def _relaxed(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    """What the and-cuda extra would refuse, had the set named it: too old, or of a later major.

    Extras that pin one version exactly are read as its minimum, since CUDA and
    cuDNN promise that a newer minor serves what an older one served.
    """
    if build.package.extras:
        return
    for name, bound in sorted(build.row.asks.items()):
        package = context.package(name)
        if package is None or package.version is None or _is_enough(bound, package.version):
            continue
        seen = evidence(context, name) or "no evidence"
        yield finding_about(
            (build.package, package),
            code=CODE,
            severity="warning",
            why=f"the and-cuda extra of {build.pin} asks for {name}{bound}, and the set has {package.version}; "
            f"that it works all the same: {seen}",
            source=build.row.source,
            cure=f"take {name}{bound} where torch allows it",
            row=build.row.id,
        )


def _is_enough(bound: str, version: str) -> bool:
    clauses = specifier_or_none(bound)
    if clauses is None:
        return True
    lenient = ",".join(f">={clause.version}" if clause.operator in ("==", "~=") else str(clause) for clause in clauses)
    return meets(version, lenient)


def evidence(context: AuditContext, name: str) -> str | None:
    """A run on a GPU, or an observation, of frameworks together at the set's versions; best one that names ``name``.

    None where there is none.
    """
    matrices, here = context.matrices, (context.stated, context.place.python)
    runs = [row for row in of_this(matrices.verified, *here) if is_of_several_frameworks(row)]
    seen = [row for row in of_this(matrices.observations, *here) if row.works and is_of_several_frameworks(row)]
    fitting = [
        *((name not in row.packages, f"ran on {row.gpu} with driver {row.driver} ({row.id})") for row in runs),
        *((name not in row.packages, f"{row.seen} ({row.id})") for row in seen),
    ]
    return min(fitting, key=lambda entry: entry[0])[1] if fitting else None


def _traps(context: AuditContext, package: Package) -> Iterator[Finding]:
    """conda-forge builds that a solver accepts and that cannot work."""
    for row in context.matrices.conda_traps:
        if not row.refuse or package.conda != row.package or package.version is None:
            continue
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
