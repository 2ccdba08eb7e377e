"""Which CUDA libraries the packages of an open list bring along, and where they ask for what cannot be.

pip and uv install what the packages of a list ask for, so that what the list does not name is not missing. Only
CUDA libraries are followed: of each the newest release that suits everybody who asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from solver.audit.codes import loader
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.gpu_packages import TOOLKIT
from solver.audit.package_set import Package
from solver.audit.words import listed
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.frameworks import opens_libraries
from solver.core.markers import applies
from solver.core.model import Finding, PypiName, pypi_name
from solver.core.target import marker_environment, usable_files
from solver.core.versions import meets, version_or_none
from solver.index import ReleaseRefused, UnknownPackage
from solver.matrix.libraries import looks_up

CODE = "metadata"
_OPEN = ("requirements", "freeze", "environment")
_ROUNDS = 10
"""A library asks for libraries, which ask for others; more steps than these there are not."""


@dataclass(frozen=True)
class LibraryAsk:
    """What one package asks of a CUDA library."""

    asker: Package
    requirement: Requirement

    @property
    def exact(self) -> str | None:
        """The one version that it takes."""
        clauses = list(self.requirement.specifier)
        pins = [clause.version for clause in clauses if clause.operator == "==" and not clause.version.endswith(".*")]
        return pins[0] if pins else None

    def refuses(self, other: LibraryAsk) -> bool:
        """Whether no version serves both, where both are about one package."""
        mine, theirs = self.exact, other.exact
        by_mine = mine is not None and not meets(mine, str(other.requirement.specifier))
        return by_mine or (theirs is not None and not meets(theirs, str(self.requirement.specifier)))


def is_open(context: AuditContext) -> bool:
    """Whether more gets installed than the set names; what pip freeze tells has its libraries, where it has any."""
    package_set = context.set
    if package_set.closed or package_set.kind not in _OPEN:
        return False
    return package_set.kind != "freeze" or not context.provided


@dataclass(frozen=True)
class Brought:
    """The CUDA libraries that the packages of an open list bring along."""

    packages: tuple[Package, ...] = ()
    """Those that it does not name, sorted by name."""
    unread: tuple[Package, ...] = ()
    """Whoever asks for libraries of which nobody knows the version, or may ask for some, sorted by pin."""


def brought_along(context: AuditContext) -> Brought:
    """The CUDA libraries that the packages of an open list ask for and that it does not name."""
    libraries = {row.distribution for row in context.matrices.libraries} | {TOOLKIT}
    chosen: dict[PypiName, Package] = {}
    unread: set[Package] = set()
    for _ in range(_ROUNDS):
        asks = _asks(context, (*context.set.packages, *chosen.values()))
        missing = {name: some for name, some in asks.items() if name in libraries and name not in context.packages}
        newest = {name: _newest(context, name, missing[name]) for name in sorted(missing)}
        unread = {ask.asker for name, one in newest.items() if one is NOT_KNOWN for ask in missing[name]}
        now = {name: one for name, one in newest.items() if isinstance(one, Package)}
        if now == chosen:
            break
        chosen = now
    unread.update(package for package in chosen.values() if not _is_read(context, package))
    unread.update(_unread_bringers(context))
    return Brought(tuple(chosen.values()), tuple(sorted(unread, key=lambda package: package.pin)))


def _unread_bringers(context: AuditContext) -> Iterator[Package]:
    """Builds that may bring libraries of the CUDA major that another build looks for: nobody read what they ask for."""
    opening = {build.major for build in context.builds if opens_libraries(build.framework)} - {None}
    for build in context.builds:
        may_bring = build.major in opening or (bool(opening) and build.major is NOT_KNOWN)
        of_its_own = opens_libraries(build.framework) or build.bundles
        if may_bring and not of_its_own and not _is_read(context, build.package):
            yield build.package


def _is_read(context: AuditContext, package: Package) -> bool:
    """Whether somebody read what a package asks for."""
    try:
        return not isinstance(context.requires(package), NotKnown)
    except ReleaseRefused:
        return False


def doubted(context: AuditContext, findings: Iterable[Finding], unread: Sequence[Package]) -> Iterator[Finding]:
    """``findings`` of a set for which ``unread`` bring along what nobody read: what is missing may be among that."""
    missing: set[str] = set()
    for finding in findings:
        if finding.code == loader.CODE:
            missing.update(finding.packages)
        else:
            yield finding
    for build in context.builds if unread else ():
        if build.pin in missing and looks_up(build.row) is Answer.YES:
            yield _doubt(build.package, unread)


def _doubt(package: Package, unread: Sequence[Package]) -> Finding:
    bring = "brings" if len(unread) == 1 else "bring"
    return finding_about(
        (package, *unread),
        code=loader.CODE,
        severity="note",
        why=f"nobody read which CUDA libraries {listed(one.pin for one in unread)} {bring} along, so it is not known "
        f"whether {package.pin} finds those that it opens",
        source="the package index",
        cure="audit a lock of the list, or the installed prefix",
    )


def clashes(context: AuditContext) -> Iterator[Finding]:
    """Two packages of an open list that ask for versions of a library which exclude each other: nothing installs it."""
    pairs: dict[tuple[Package, Package], list[tuple[LibraryAsk, LibraryAsk]]] = {}
    for name, asks in _asks(context, context.set.packages).items():
        if name in context.packages:
            continue  # the list names it, and is held against its askers one by one
        for first, second in combinations(asks, 2):
            if first.asker is not second.asker and first.refuses(second):
                pairs.setdefault((first.asker, second.asker), []).append((first, second))
    for (one, other), found in pairs.items():
        yield _clash(one, other, found)


def _asks(context: AuditContext, packages: Sequence[Package]) -> Mapping[PypiName, list[LibraryAsk]]:
    """What the packages of a stated version ask for, by whom they ask for."""
    environment = marker_environment(context.target)
    asks: dict[PypiName, list[LibraryAsk]] = {}
    for package in packages:
        if package.version is None or package.origin != "pypi":
            continue
        for requirement in context.requirements(package):
            if applies(requirement.marker, environment, package.extras):
                asks.setdefault(pypi_name(requirement.name), []).append(LibraryAsk(package, requirement))
    return asks


def _newest(context: AuditContext, name: PypiName, asks: Sequence[LibraryAsk]) -> Package | NotKnown | None:
    """The newest release that all of ``asks`` admit, or the one that they pin; None where the index has none."""
    specifier = SpecifierSet(",".join(str(ask.requirement.specifier) for ask in asks))
    extras = tuple(sorted({extra for ask in asks for extra in ask.requirement.extras}))
    pinned = next((ask.exact for ask in asks if ask.exact is not None), None)
    if pinned is not None and meets(pinned, str(specifier)):
        return Package(name=name, version=pinned, extras=extras)
    try:
        releases = context.index.releases(name)
    except UnknownPackage:
        return None
    except IndexUnavailable:
        return NOT_KNOWN
    versions = [
        version
        for release in releases
        if release.yanked is None and usable_files(release.files, context.target)
        if (version := version_or_none(release.version)) is not None and specifier.contains(version)
    ]
    if versions:
        return Package(name=name, version=str(max(versions)), extras=extras)
    return None if context.index.complete(name) else NOT_KNOWN


def _clash(one: Package, other: Package, found: Sequence[tuple[LibraryAsk, LibraryAsk]]) -> Finding:
    (first, second), more = found[0], len(found) - 1
    also = f", and {more} more like it" if more else ""
    return finding_about(
        (one, other),
        code=CODE,
        severity="error",
        why=f"{_with_extras(one)} asks for {_text(first)} and {_with_extras(other)} for {_text(second)}{also}: no "
        "version serves both, so that pip and uv refuse the list",
        source=f"Requires-Dist of {one.pin} and {other.pin}",
        cure=f"`interlock explain {one.pin} {other.pin}` looks for the nearest builds that go together",
    )


def _with_extras(package: Package) -> str:
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    return f"{package.name}{extras}=={package.version}"


def _text(ask: LibraryAsk) -> str:
    return f"{ask.requirement.name}{ask.requirement.specifier}"
