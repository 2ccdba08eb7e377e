"""``metadata``: what ``pip check`` would say, for sets that are not installed yet; yanked files too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package, parsed
from solver.core.markers import applies
from solver.core.model import Finding, Release
from solver.core.target import marker_environment, usable_files
from solver.core.versions import meets, specifier_or_none
from solver.index import ReleaseRefused

CODE = "metadata"


def find(context: AuditContext) -> Iterator[Finding]:
    """Requirements that the set breaks or leaves open, bounds of an extra that was left out, yanked files."""
    environment = marker_environment(context.target)
    for package in context.set.packages:
        if package.version is None:
            continue
        yield from _traps(context, package)
        releases = context.releases(package)
        try:
            requires = requires_of(context, package, releases)
        except ReleaseRefused as error:
            yield _refused(package, error)
            continue
        yield from _requirements(context, package, requires, environment)
        yield from _yanked(package, releases)
    for build in context.builds:
        yield from _relaxed(context, build)


def requires_of(context: AuditContext, package: Package, releases: tuple[Release, ...]) -> tuple[str, ...]:
    """The requirements of a package: those of the set itself, else those of its wheel for the target.

    Raises ``ReleaseRefused`` where what the index says cannot be of this release.
    """
    if package.requires is not None:
        return package.requires
    if package.origin != "pypi":
        return ()
    fitting = [release for release in releases if usable_files(release.files, context.target)]
    for release in [*fitting, *releases]:
        found = context.index.requires(release)
        if found is not None:
            return found
    return ()


def _requirements(
    context: AuditContext, package: Package, requires: tuple[str, ...], environment: Mapping[str, str]
) -> Iterator[Finding]:
    for text in requires:
        # Most lines belong to extras that nobody asked for; parsing them costs more than all else here.
        if not package.extras and "extra" in text.partition(";")[2]:
            continue
        if not _applies(text, package.extras, environment):
            continue
        requirement = parsed(text)
        assert requirement is not None
        other = context.package(requirement.name)
        if other is None:
            if context.set.closed:
                why = f"asks for {_asked(text)}, which is not in the set"
                yield _finding(package, (package,), why, f"add {_asked(text)}")
        elif other.version is not None and not meets(other.version, str(requirement.specifier)):
            why = f"asks for {_asked(text)}, and the set has {other.version}"
            cure = f"take a {other.name} within {requirement.specifier}, or another {package.name}"
            yield _finding(package, (package, other), why, cure)


def _applies(text: str, extras: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    requirement = parsed(text)
    return requirement is not None and applies(requirement.marker, environment, extras)


def _asked(text: str) -> str:
    requirement = parsed(text)
    assert requirement is not None
    return f"{requirement.name}{requirement.specifier}"


def _finding(package: Package, packages: tuple[Package, ...], why: str, cure: str) -> Finding:
    return finding_about(
        packages,
        code=CODE,
        severity="error",
        why=f"{package.pin} {why}",
        source=f"Requires-Dist of {package.pin}",
        cure=cure,
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
    reasons = [release.yanked for release in releases]
    held = [reason for reason in reasons if reason is not None]
    if held and len(held) == len(reasons):
        said = f": {held[0]}" if held[0] else ", without a reason"
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
    for name, asked in sorted(build.row.asks.items()):
        package = context.package(name)
        if package is None or package.version is None or _is_enough(asked, package.version):
            continue
        seen = evidence(context, name) or "no evidence"
        yield finding_about(
            (build.package, package),
            code=CODE,
            severity="warning",
            why=f"the and-cuda extra of {build.pin} asks for {name}{asked}, and the set has {package.version}; "
            f"that it works all the same: {seen}",
            source=build.row.source,
            cure=f"take {name}{asked} where torch allows it",
            row=build.row.id,
        )


def _is_enough(asked: str, has: str) -> bool:
    clauses = specifier_or_none(asked)
    if clauses is None:
        return True
    lenient = ",".join(f">={clause.version}" if clause.operator in ("==", "~=") else str(clause) for clause in clauses)
    return meets(has, lenient)


def evidence(context: AuditContext, name: str) -> str | None:
    """A run on a GPU, or an observation, of both frameworks at the set's versions; best one that names ``name``.

    None where there is none.
    """
    runs = [(f"ran on {run.gpu} with driver {run.driver}", run.id, run.packages) for run in context.matrices.verified]
    seen = [(row.seen, row.id, row.packages) for row in context.matrices.observations if row.works]
    fitting = [
        (name not in packages, f"{text} ({row_id})")
        for text, row_id, packages in [*runs, *seen]
        if {"tensorflow", "torch"} <= set(packages) and context.is_this(packages)
    ]
    return min(fitting, key=lambda entry: entry[0])[1] if fitting else None


def _traps(context: AuditContext, package: Package) -> Iterator[Finding]:
    """conda-forge builds that a solver accepts and that cannot work."""
    for row in context.matrices.conda_traps:
        name, version, build = (*row.match.split("="), "*", "*")[:3]
        fits = fnmatchcase(package.version or "", version) and fnmatchcase(package.build or "", build)
        if row.refuse and package.conda == name and fits:
            yield finding_about(
                (package,),
                code=CODE,
                severity="error",
                why=f"conda-forge's build {package.build} of {package.pin} cannot work: {row.why}",
                source=row.source,
                cure=f"take another build of {package.conda}",
                row=row.id,
            )
