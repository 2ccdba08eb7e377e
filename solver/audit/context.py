"""What is known about the set under audit: its frameworks' builds, its CUDA libraries, its target."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from msgspec import structs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.audit.builds import BuiltPackage, built_conda, built_wheel, conda_set
from solver.audit.overrides import overridden
from solver.audit.package_set import Package, PackageSet, parsed
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.frameworks import COMPANIONS, framework_of, holds_code
from solver.core.indexes import DEFAULT_INDEX, is_of_default
from solver.core.markers import applies, waits_for_an_extra
from solver.core.model import Framework, IndexFile, PypiName, Release, Requires, Target, pypi_name
from solver.core.target import marker_environment, usable_files
from solver.core.versions import version_or_none
from solver.index import Index, ReleaseLost, ReleaseRefused, UnknownPackage
from solver.matrix.builds import is_part_of
from solver.matrix.conda_sets import CondaSet
from solver.matrix.libraries import LOADER, brought
from solver.matrix.load import Matrices
from solver.matrix.majors import beside_each_other
from solver.matrix.names import Names
from solver.matrix.observations import failing, of_this
from solver.matrix.place import Place
from solver.matrix.rows import CondaBuild, Library

RecordReader = Callable[[IndexFile], Mapping[str, str]]
"""Gives the RECORD of a wheel: path -> hash, without reading the wheel in whole."""


@dataclass(frozen=True)
class Provided:
    """A CUDA library that a package of the set brings."""

    library: Library
    package: Package


@dataclass(frozen=True)
class AuditContext:
    """Everything that a code's module may look at."""

    set: PackageSet
    matrices: Matrices
    index: Index
    target: Target
    assumed: bool = False
    """True where nobody named the target's driver, so that the one it has is only our default."""
    glibc_assumed: bool = False
    """True where nobody named its glibc."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables in force where the set is used."""
    record_of: RecordReader | None = None
    """None: files are not read here, and only what rows tell of clobbered paths is told."""

    @cached_property
    def packages(self) -> dict[PypiName, Package]:
        """The packages by PyPI name; pip's stands where conda has one of the same name."""
        packages: dict[PypiName, Package] = {}
        for package in sorted(self.set.packages, key=self._standing):
            name = self.pypi_name_of(package)
            if name is None:
                continue
            # In a prefix what conda installed stands twice: its record, then its metadata.
            record = packages.get(name)
            if package.from_conda and package.conda is None and record is not None:
                package = structs.replace(record, requires=package.requires)
            packages[name] = package
        return packages

    def _standing(self, package: Package) -> tuple[bool, bool, int]:
        """The later it sorts, the better it stands for a PyPI name that several packages have."""
        # Of conda's packages of one project the names' first row is the one to ask for.
        rank = 0 if package.conda is None else self._names.rank(package.conda)
        return package.from_index, package.conda is None, -rank

    @cached_property
    def versions(self) -> dict[PypiName, Version]:
        """The versions of the packages that have one."""
        versions = {name: version_or_none(package.version) for name, package in self.packages.items()}
        return {name: version for name, version in versions.items() if version is not None}

    @cached_property
    def stated(self) -> dict[str, str | NotKnown]:
        """The versions of the packages as the set states them; NOT_KNOWN of one that it leaves open."""
        return {name: package.version or NOT_KNOWN for name, package in self.packages.items()}

    @cached_property
    def place(self) -> Place:
        """The target as far as somebody named it: the default one's driver is what a lock promises, nobody's."""
        return Place.of(self.target, driver_named=not self.assumed)

    @cached_property
    def conda(self) -> CondaSet:
        """What comes from conda, of which some breaks without regard to pip's packages."""
        return conda_set(self.set.packages, self.place, self.matrices)

    @cached_property
    def builds(self) -> tuple[BuiltPackage, ...]:
        """The builds with GPU code that rows know, or whose version says enough; no companions, no parts of others."""
        return tuple(
            build
            for name, build in self._built.items()
            if name not in COMPANIONS and not is_part_of(build.row, self._versions_built)
        )

    @cached_property
    def parts(self) -> tuple[BuiltPackage, ...]:
        """The builds that are part of another one here, of which alone anything is told."""
        return tuple(build for build in self._built.values() if is_part_of(build.row, self._versions_built))

    @property
    def _versions_built(self) -> dict[str, str | NotKnown]:
        return {name: build.package.version or NOT_KNOWN for name, build in self._built.items()}

    @cached_property
    def companions(self) -> tuple[BuiltPackage, ...]:
        """The builds of companions, which stand and fall with their framework."""
        return tuple(build for name, build in self._built.items() if name in COMPANIONS)

    @cached_property
    def _built(self) -> dict[PypiName, BuiltPackage]:
        builds = {name: self._build(name, package) for name, package in self.packages.items()}
        # Those of which nothing tells are told by the code ``unknown``.
        told = {name: build for name, build in builds.items() if isinstance(build, BuiltPackage)}
        rows = beside_each_other({name: build.row for name, build in told.items()})
        return {name: dataclasses.replace(build, row=rows[name]) for name, build in told.items()}

    @cached_property
    def provided(self) -> tuple[Provided, ...]:
        """The CUDA libraries in the set."""
        return tuple(
            Provided(row, package)
            for package in self.set.packages
            if package.from_index and version_or_none(package.version) is not None
            for row in brought(self._rows.get(package.name, ()), {package.name: package.version or ""})
        )

    @cached_property
    def _rows(self) -> dict[str, list[Library]]:
        rows: dict[str, list[Library]] = {}
        for row in self.matrices.libraries:
            rows.setdefault(row.distribution, []).append(row)
        return rows

    @cached_property
    def cuda_majors(self) -> frozenset[int]:
        """CUDA majors of the libraries in the set."""
        return frozenset(item.library.cuda for item in self.provided)

    @property
    def wants_gpu(self) -> bool:
        """Whether the set is surely meant for a GPU: its target names one, it or its image carries CUDA libraries."""
        if self.target.driver is None:
            return False
        if self.set.base is not None and self.set.base.has_cuda:
            return True
        return bool(self.target.gpus) or bool(self.provided) or (not self.assumed)

    def has_gpu_code(self, name: str) -> bool:
        """Whether builds of a package have rows that tell of its GPU code: the frameworks, and whatever else has."""
        if holds_code(name):
            return True
        package = self.packages.get(PypiName(name))
        told = self.matrices.builds_of(name) or self._conda_rows(package)
        return name not in COMPANIONS and bool(told)

    def _conda_rows(self, package: Package | None) -> Sequence[CondaBuild]:
        """The rows of conda's builds of a package that comes from there."""
        return () if package is None or package.conda is None else self.matrices.conda_builds_of(package.conda)

    def pypi_name_of(self, package: Package) -> PypiName | None:
        """The PyPI name of a package; None for a conda package that PyPI has no counterpart of."""
        return package.name if package.conda is None else self._names.pypi(package.conda)

    @cached_property
    def _names(self) -> Names:
        return Names(self.matrices)

    def package(self, name: str) -> Package | None:
        """The package of that name; None: the set has none."""
        return self.packages.get(pypi_name(name))

    def conda_package(self, name: str) -> Package | None:
        """The conda package of that name, which PyPI need not have a counterpart of; None: the set has none."""
        return next((package for package in self.set.packages if package.conda == name), None)

    def build(self, framework: Framework) -> BuiltPackage | NotKnown | None:
        """The set's build of a framework, the first that has CUDA where there are several; None where it has none."""
        builds = [build for build in self.builds if build.framework == framework]
        if builds:
            return min(builds, key=lambda build: build.has_cuda is not Answer.YES)
        coded = (name for name in self.packages if holds_code(name))
        return NOT_KNOWN if any(framework_of(name) == framework for name in coded) else None

    def libraries(self, cuda_major: int | NotKnown | None) -> dict[str, Provided]:
        """The set's libraries of one CUDA major by their short name; none where there is no such, or nobody read it."""
        return {p.library.library: p for p in self.provided if p.library.cuda == cuda_major}

    def seen_broken(self, *names: str) -> str | None:
        """What was seen where these packages, at the versions that stand here, did not work; None: nothing."""
        rows = of_this(failing(self.matrices), self.stated, self.place.python)
        return next((row.seen for row in rows if set(names) <= set(row.packages)), None)

    def releases(self, package: Package) -> tuple[Release, ...] | NotKnown:
        """The index's releases of the package's version; empty where the index surely has no wheel of it.

        NOT_KNOWN where it is none of the index's, the index does not answer, or its record has no such version.
        """
        version = version_or_none(package.version)
        if version is None or not package.from_index or package.elsewhere is not None:
            return NOT_KNOWN
        try:
            every = self.index.releases(package.name)
        except UnknownPackage:
            return () if _is_listed_by_default(package, version) else NOT_KNOWN
        except IndexUnavailable:
            return NOT_KNOWN
        # An index may list 1.0 and 1.0.0 as two releases; only where it has no such spelling do equals count.
        exact = tuple(release for release in every if release.version == package.version)
        releases = exact or tuple(release for release in every if version_or_none(release.version) == version)
        whole = _is_listed_by_default(package, version) and self.index.complete(package.name)
        return releases if releases or whole else NOT_KNOWN

    def listed_releases(self, package: Package) -> tuple[Release, ...]:
        """As ``releases``, for whoever looks at what is listed and takes nothing for denied."""
        releases = self.releases(package)
        return () if isinstance(releases, NotKnown) else releases

    def covers(self, package: Package) -> bool:
        """Whether the index lacks no wheel of the package's version for the target; not where it has no such."""
        releases = self.listed_releases(package)
        return bool(releases) and all(self.index.covers(package.name, r.version, self.target) for r in releases)

    def requires(self, package: Package, extras: Iterable[str] = ()) -> Requires:
        """The PEP 508 requirements of a package: those of the set itself, else those of its wheel for the target.

        What is asked for under ``extras``, or those of the package, is read where it has to be. NOT_KNOWN where nobody
        read them, or a live index does not give them. Raises ``ReleaseRefused`` where what the
        index says cannot be of this release. What the project overrides is asked for as it says.
        """
        texts = self.own_requires(package, extras)
        overrides = dict(self.set.overrides)
        return texts if isinstance(texts, NotKnown) or not overrides else tuple(overridden(texts, overrides))

    def own_requires(self, package: Package, extras: Iterable[str] = ()) -> Requires:
        """As ``requires``, whatever the project overrides."""
        if not isinstance(package.requires, NotKnown):
            return package.requires
        if package.name == LOADER:  # ours, which asks for nothing
            return ()
        releases = self.listed_releases(package)
        # Wheels of one release may differ in what they ask for; the target takes one that it can use.
        fitting = [release for release in releases if usable_files(release.files, self.target)]
        for release in [*fitting, *releases]:
            requires = self._requires_in_index(release, (*package.extras, *extras))
            if not isinstance(requires, NotKnown):
                return requires
        return NOT_KNOWN

    def provides(self, package: Package, extra: str) -> Answer:
        """Whether the index says that a package has an extra."""
        try:
            every = [self.index.provides(release, extra) for release in self.listed_releases(package)]
        except IndexUnavailable:
            return Answer.NOT_KNOWN
        return next((one for one in every if one is not Answer.NOT_KNOWN), Answer.NOT_KNOWN)

    def is_unread(self, package: Package) -> bool:
        """Whether nobody read what a package asks for; not where the index is refused, which ``metadata`` tells."""
        try:
            return isinstance(self.requires(package), NotKnown)
        except ReleaseRefused:
            return False

    def _requires_in_index(self, release: Release, extras: tuple[str, ...]) -> Requires:
        """What the index says that a release requires."""
        try:
            return self.index.requires(release, extras)
        except ReleaseLost:  # a set may have been installed before its wheel was gone
            return NOT_KNOWN
        except ReleaseRefused:
            raise
        except IndexUnavailable:  # one wheel that cannot be read leaves the rest of the set to be checked
            return NOT_KNOWN

    def requirements(self, package: Package, about: str = "", extras: Iterable[str] = ()) -> Iterator[Requirement]:
        """Its requirements parsed, of one package only where ``about`` names it (normalized); ``extras`` as above.

        There are none to go by where nobody read them, or where the index is refused: the code ``metadata`` tells
        of both, and nobody may take that for a package which asks for nothing.
        """
        try:
            texts = self.requires(package, extras)
        except ReleaseRefused:
            return
        if isinstance(texts, NotKnown):
            return
        # However a name is spelt, its first word is in the text; parsing what has it not costs too much.
        word = about.partition("-")[0]
        for text in texts:
            requirement = parsed(text) if word in text.lower() else None
            if requirement is not None and (not about or canonicalize_name(requirement.name) == about):
                yield requirement

    @cached_property
    def asks(self) -> Mapping[PypiName, tuple[tuple[Package, Requirement], ...]]:
        """Who asks for each package on the target, and what for; not under an extra that nobody named."""
        environment = marker_environment(self.target)
        asks: dict[PypiName, list[tuple[Package, Requirement]]] = {}
        for package in sorted(self.set.packages, key=lambda package: package.pin):
            if not package.from_index or package.version is None:
                continue
            for text in self._texts(package):
                skipped = not package.extras and waits_for_an_extra(text)
                requirement = None if skipped else parsed(text)
                if requirement is not None and applies(requirement.marker, environment, package.extras):
                    asks.setdefault(pypi_name(requirement.name), []).append((package, requirement))
        return {name: tuple(several) for name, several in asks.items()}

    def _texts(self, package: Package) -> tuple[str, ...]:
        """What a package asks for; nothing where nobody read it, or the index is refused."""
        try:
            texts = self.requires(package)
        except ReleaseRefused:
            return ()
        return () if isinstance(texts, NotKnown) else texts

    def _build(self, name: PypiName, package: Package) -> BuiltPackage | NotKnown | None:
        """How a package was built; None where it has no GPU code that rows tell of."""
        if not (self.has_gpu_code(name) or name in COMPANIONS):
            return None
        if package.from_conda:
            return built_conda(package, framework_of(name), self.conda)
        return built_wheel(package, framework_of(name), self.matrices, self.target.platform)

    def knows(self, package: Package) -> bool:
        """Whether some row speaks of this version of a framework, whichever build of it is meant."""
        return any(row.version == package.version for row in self.matrices.conda_builds_of(package.conda or ""))


def _is_listed_by_default(package: Package, version: Version) -> bool:
    """Whether the default index lists a package wherever it has it.

    What comes from other indexes too it need not have, and a list may leave out pre-releases.
    """
    default = package.index is None or is_of_default(package.index)
    return default and set(package.sources) <= {DEFAULT_INDEX} and not version.is_prerelease
