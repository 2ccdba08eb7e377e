"""Which versions of a package the indexes of a list are known to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version

from solver.audit.context import AuditContext
from solver.audit.origins import has_flavours, settled_package
from solver.audit.package_set import Package
from solver.audit.readers.requirements import requirement_package
from solver.core.errors import IndexUnavailable
from solver.core.indexes import flavour_of, is_default, is_flavoured, is_nightly, is_of_default
from solver.core.model import PypiName, Release, pypi_name
from solver.core.names import BadName
from solver.core.target import admits_python, usable_files
from solver.core.versions import meets, specifier_or_none, version_or_none, within
from solver.index import UnknownPackage


@dataclass(frozen=True)
class Served:
    """One version that an index of the list has."""

    version: Version
    package: Package
    releases: tuple[Release, ...]
    """Its parts; none of a build that only rows tell of."""


class Shelf:
    """What the indexes of one list have; each package is looked up once."""

    def __init__(self, context: AuditContext, listed: Sequence[Package]) -> None:
        self.context = context
        # What one package has for its own address is no index of others.
        by_index = {one.name: one.sources for one in listed if one.sources and one.url is None and not one.files}
        self._own: Mapping[PypiName, tuple[str, ...]] = by_index
        shared = context.set.sources
        self._shared: tuple[str, ...] = next(iter(by_index.values()), ()) if shared is None else shared
        self.absent: set[PypiName] = set()
        """What the default index answered to have no package of."""
        self._served: dict[PypiName, tuple[Served, ...]] = {}
        self._within: dict[tuple[PypiName, str], tuple[list[Served], list[Served]]] = {}
        self._usable: dict[int, bool] = {}
        """By the identity of what is kept in ``_served``."""

    def sources(self, name: PypiName) -> tuple[str, ...]:
        """The indexes that a package comes from; none where that is the default one alone."""
        return self._own.get(name, self._shared)

    def of(self, name: PypiName) -> tuple[Served, ...]:
        """Every version, newest first; yanked ones are left out."""
        if name not in self._served:
            # A night's build may come before every release, and nobody records those.
            made = () if has_flavours(name) and any(map(is_nightly, self.sources(name))) else self._make(name)
            every = {one.package.version: one for one in made}
            self._served[name] = tuple(sorted(every.values(), key=lambda one: one.version, reverse=True))
        return self._served[name]

    def within(self, name: PypiName, specifier: str) -> Iterator[Served]:
        """The versions within ``specifier`` that the target can use, newest first.

        As with pip there is a prerelease among them only where nothing else is, or where it is asked for.
        """
        finals, others = self._fitting(name, specifier)
        none_yet = True
        for one in filter(self._is_usable, finals):
            none_yet = False
            yield one
        if none_yet:
            yield from filter(self._is_usable, others)

    def _fitting(self, name: PypiName, specifier: str) -> tuple[list[Served], list[Served]]:
        """The versions within ``specifier`` that may be taken, and those that may where none of them can be used."""
        # A search asks for the same few thousands of times.
        if (name, specifier) not in self._within:
            clauses = specifier_or_none(specifier)
            pre = clauses is not None and bool(clauses.prereleases)
            fitting = [one for one in self.of(name) if meets(str(one.version), specifier)]
            finals = [one for one in fitting if pre or not one.version.is_prerelease]
            self._within[name, specifier] = finals, [one for one in fitting if one not in finals]
        return self._within[name, specifier]

    def _is_usable(self, served: Served) -> bool:
        if id(served) not in self._usable:
            self._usable[id(served)] = self._can_be_used(served)
        return self._usable[id(served)]

    def lies_outside(self, name: PypiName, specifier: str) -> bool:
        """Whether ``specifier`` admits only what is newer than all that is recorded, or older than all of it.

        Between recorded releases there is hardly one that nobody recorded.
        """
        sides: set[bool] = set()
        for one in self.of(name):
            for clause in specifier_or_none(specifier) or ():
                if not within(str(one.version), str(clause)):
                    bound = version_or_none(clause.version.removesuffix(".*"))
                    sides.add(bound is not None and one.version > bound)
        return len(sides) < 2

    def package(self, name: PypiName, version: str) -> Package:
        """A version as the list's indexes would serve it, whether or not somebody recorded it."""
        package = Package(name=name, version=version, sources=self.sources(name))
        return settled_package(package, self.context.matrices, self.context.index, self.context.target)

    def by_address(self, requirement: Requirement) -> Package:
        """What lies at the address of a requirement; of no known version where that does not tell it."""
        try:
            package = requirement_package(requirement, None)
        except BadName:
            name, address = pypi_name(requirement.name), requirement.url
            package = Package(name=name, version=None, url=address, sources=(address or "",))
        return settled_package(package, self.context.matrices, self.context.index, self.context.target)

    def _make(self, name: PypiName) -> Iterator[Served]:
        for version, releases in self._releases(name).items():
            if version_or_none(version) is None or any(release.yanked is not None for release in releases):
                continue
            package = self.package(name, version)
            yield Served(Version(package.version or version), package, tuple(releases))
        for version in self._of_rows(name):
            yield Served(Version(version), self.package(name, version), ())

    def _releases(self, name: PypiName) -> Mapping[str, list[Release]]:
        try:
            every = self.context.index.releases(name)
        except UnknownPackage:
            self.absent.add(name)
            return {}
        except IndexUnavailable:
            return {}
        releases: dict[str, list[Release]] = {}
        for release in every:
            if self._is_served(name, release):
                releases.setdefault(release.version, []).append(release)
        return releases

    def _is_served(self, name: PypiName, release: Release) -> bool:
        """Whether an index that the package comes from has it."""
        sources = self.sources(name)
        if is_of_default(release.index):
            return not sources or any(map(is_default, sources))
        version = version_or_none(release.version)
        return version is not None and self._has_flavour(name, version)

    def _of_rows(self, name: PypiName) -> Iterator[str]:
        """Versions that rows tell an index of PyTorch to have, where the list names it."""
        for row in self.context.matrices.builds_of(name) if self._pytorch(name) else ():
            version = version_or_none(row.version if isinstance(row.version, str) else None)
            is_here = row.platform == self.context.target.platform
            if is_here and version is not None and version.local and self._has_flavour(name, version):
                yield str(version)

    def _has_flavour(self, name: PypiName, version: Version) -> bool:
        """Whether an index of PyTorch that the package comes from has builds of a version's local part."""
        flavours = [flavour_of(source) for source in self._pytorch(name)]
        return None in flavours or version.local in flavours

    def _pytorch(self, name: PypiName) -> tuple[str, ...]:
        return tuple(source for source in self.sources(name) if is_flavoured(source))

    def _can_be_used(self, served: Served) -> bool:
        """Whether some wheel of it is for the target, or may be: the record need not hold the wheels of all."""
        target = self.context.target
        fitting = [one for one in served.releases if admits_python(one.requires_python, target)]
        if not served.releases or any(usable_files(release.files, target) for release in fitting):
            return True
        version = served.releases[0].version
        return bool(fitting) and not self.context.index.covers(served.package.name, version, target)
