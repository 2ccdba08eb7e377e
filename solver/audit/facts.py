"""What is known about the set under audit: its frameworks' builds, its CUDA libraries, its target."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from msgspec import structs
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from solver.audit.package_set import Package, PackageSet
from solver.errors import IndexUnavailable
from solver.index import Index
from solver.matrix.load import Matrices
from solver.matrix.rows import CondaBuild, Library, TensorflowBuild, TorchBuild
from solver.model import Framework, IndexFile, PypiName, Release, Target, pypi_name

RecordReader = Callable[[IndexFile], Mapping[str, str]]
"""Gives the RECORD of a wheel: path -> hash, without reading the wheel in whole."""

LOADER = PypiName("interlock-loader")
"""The wheel of ours that loads the CUDA libraries which TensorFlow does not find."""

# PyTorch's local versions spell the CUDA version without its dot: cu128 is 12.8.
_LOCAL_CUDA = re.compile(r"cu(\d+)(\d)")


@dataclass(frozen=True)
class Build:
    """How one framework of the set was built, whichever index or channel it is from."""

    framework: Framework
    package: Package
    cuda: str | None
    """CUDA major.minor; None: a CPU build."""
    cudnn: str | None
    source: str
    sm: tuple[str, ...] | None = None
    ptx: tuple[str, ...] | None = None
    bundles: bool = False
    """True where its CUDA libraries lie inside it, or are conda's concern."""
    tensorflow: TensorflowBuild | None = None

    @property
    def pin(self) -> str:
        """``name==version``."""
        return self.package.pin

    @property
    def major(self) -> int | None:
        """CUDA major; None for a CPU build."""
        return None if self.cuda is None else major(self.cuda)


@dataclass(frozen=True)
class Provided:
    """A CUDA library that a package of the set brings."""

    library: Library
    package: Package


@dataclass(frozen=True)
class Facts:
    """Everything that a code's module may look at."""

    set: PackageSet
    matrices: Matrices
    index: Index
    target: Target
    assumed: bool = False
    """True where nobody named a target, so that its driver and python are only our defaults."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables in force where the set is used."""
    record_of: RecordReader | None = None

    @cached_property
    def packages(self) -> dict[PypiName, Package]:
        """The packages by PyPI name; pip's stands where conda has one of the same name."""
        found: dict[PypiName, Package] = {}
        for package in sorted(self.set.packages, key=lambda p: (p.origin == "pypi", p.conda is None)):
            name = self.pypi_name_of(package)
            if name is None:
                continue
            # In a prefix what conda installed stands twice: its record, then its metadata.
            record = found.get(name)
            if package.origin == "conda" and package.conda is None and record is not None:
                package = structs.replace(record, requires=package.requires)
            found[name] = package
        return found

    @cached_property
    def versions(self) -> dict[PypiName, Version]:
        """The versions of the packages that have one."""
        found = {name: version(package.version) for name, package in self.packages.items()}
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """The framework builds that the facts know, or whose version says enough."""
        return tuple(build for build in map(self._build, self.packages.values()) if build is not None)

    @cached_property
    def provided(self) -> tuple[Provided, ...]:
        """The CUDA libraries in the set."""
        rows: dict[str, list[Library]] = {}
        for row in self.matrices.libraries:
            rows.setdefault(row.distribution, []).append(row)
        return tuple(
            Provided(row, package)
            for package in self.set.packages
            if package.origin == "pypi" and package.version is not None
            for row in rows.get(package.name, ())
            if matches(row.versions, package.version)
        )

    @cached_property
    def cuda_majors(self) -> frozenset[int]:
        """CUDA majors of the libraries in the set."""
        return frozenset(item.library.cuda for item in self.provided)

    @property
    def wants_gpu(self) -> bool:
        """Whether the set is surely meant for a GPU: its target names one, or it carries CUDA libraries."""
        if self.target.driver is None:
            return False
        return bool(self.target.gpus) or bool(self.provided) or (not self.assumed)

    @cached_property
    def _distributions(self) -> frozenset[str]:
        return frozenset(row.distribution for row in self.matrices.tensorflow) | {"tensorflow"}

    def framework_of(self, name: str) -> Framework | None:
        """The framework that a distribution is a build of."""
        if name in self._distributions:
            return "tensorflow"
        return "torch" if name == "torch" else None

    def pypi_name_of(self, package: Package) -> PypiName | None:
        """The PyPI name of a package; None for a conda package that PyPI has no counterpart of."""
        if package.conda is None:
            return package.name
        row = self._names.get(package.conda)
        if row is None:
            return package.name
        return None if row[0] is None else pypi_name(row[0])

    @cached_property
    def _names(self) -> dict[str, tuple[str | None]]:
        return {row.conda: (row.pypi,) for row in self.matrices.names}

    def package(self, name: str) -> Package | None:
        """The package of that name."""
        return self.packages.get(pypi_name(name))

    def build(self, framework: Framework) -> Build | None:
        """The set's build of a framework; the first that has CUDA where there are several."""
        found = [build for build in self.builds if build.framework == framework]
        return min(found, key=lambda build: build.cuda is None, default=None)

    def libraries(self, cuda_major: int) -> dict[str, Provided]:
        """The set's libraries of one CUDA major by their short name."""
        return {p.library.library: p for p in self.provided if p.library.cuda == cuda_major}

    def seen_broken(self, *names: str) -> bool:
        """Whether a set with these packages at the versions that stand here was seen not to work."""
        return any(
            not row.works and set(names) <= set(row.packages) and self.is_this(row.packages)
            for row in self.matrices.observations
        )

    def is_this(self, packages: Mapping[str, str]) -> bool:
        """Whether every one of ``packages`` (version or specifier by name) is in the set as it says."""
        for name, wanted in packages.items():
            package = self.package(name)
            spec = f"=={wanted}" if wanted[:1].isdigit() else wanted
            if package is None or not matches(spec, package.version or ""):
                return False
        return bool(packages)

    def releases(self, package: Package) -> tuple[Release, ...]:
        """The index's releases of the package's version; empty where the index does not know it."""
        wanted = version(package.version)
        if wanted is None or package.origin != "pypi":
            return ()
        try:
            every = self.index.releases(package.name)
        except IndexUnavailable:
            return ()
        exact = tuple(release for release in every if release.version == package.version)
        return exact or tuple(release for release in every if version(release.version) == wanted)

    def _build(self, package: Package) -> Build | None:
        framework = self.framework_of(self.pypi_name_of(package) or "")
        if framework is None or package.version is None:
            return None
        if package.origin == "conda":
            return self._conda_build(framework, package)
        if framework == "torch":
            return self._torch_build(package)
        row = self.matrices.tensorflow_build(package.version, self.target.platform, package.name)
        return None if row is None else _tensorflow(package, row)

    def _torch_build(self, package: Package) -> Build | None:
        assert package.version is not None
        row = self.matrices.torch_build(package.version, self.target.platform)
        if row is not None:
            return _torch(package, row)
        local = Version(package.version).local if version(package.version) else None
        if local == "cpu":
            return Build("torch", package, None, None, "the local part of torch's version", bundles=True)
        named = _LOCAL_CUDA.fullmatch(local or "")
        if named is None:
            return None
        cuda = f"{named[1]}.{named[2]}"
        return Build("torch", package, cuda, None, "the local part of torch's version")

    def _conda_build(self, framework: Framework, package: Package) -> Build | None:
        rows = [row for row in self.matrices.conda_builds if _is_conda_build(row, package, self.target)]
        if rows:
            row = rows[0]
            cudnn = row.cudnn[0] if row.cudnn else None
            return Build(framework, package, row.cuda, cudnn, row.source, bundles=True)
        # conda-forge writes cpu or cuda into the build string of every build of both frameworks.
        if package.build is not None and package.build.startswith("cpu"):
            return Build(framework, package, None, None, f"its build string {package.build}", bundles=True)
        return None


def _tensorflow(package: Package, row: TensorflowBuild) -> Build:
    sm, ptx = (row.sm, row.ptx) if row.sm or row.ptx else (None, None)
    return Build("tensorflow", package, row.cuda, row.cudnn, row.source, sm=sm, ptx=ptx, tensorflow=row)


def _torch(package: Package, row: TorchBuild) -> Build:
    return Build("torch", package, row.cuda, row.cudnn, row.source, sm=row.sm, ptx=row.ptx, bundles=row.bundles)


def _is_conda_build(row: CondaBuild, package: Package, target: Target) -> bool:
    if row.package != package.conda or row.version != package.version or row.platform != target.platform:
        return False
    build = package.build or ""
    number = build.rpartition("_")[2]
    if row.build_numbers and number.isdigit() and int(number) not in row.build_numbers:
        return False
    return (row.cuda is None) == build.startswith("cpu") if build else True


def major(dotted: str) -> int:
    """12 of "12.8"."""
    return int(dotted.split(".")[0])


def minor(dotted: str) -> tuple[int, int]:
    """(12, 8) of "12.8.1"; a missing minor counts as 0."""
    parts = [*dotted.split("."), "0"]
    return int(parts[0]), int(parts[1])


@functools.lru_cache(maxsize=8192)
def version(text: str | None) -> Version | None:
    """``text`` as a version; None where it is none."""
    try:
        return None if text is None else Version(text)
    except InvalidVersion:
        return None


@functools.lru_cache(maxsize=8192)
def specifier(text: str) -> SpecifierSet | None:
    """``text`` as a specifier; None where it is none."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


@functools.lru_cache(maxsize=65536)
def matches(specifier_text: str, version_text: str) -> bool:
    """Whether a version is within a specifier; an empty specifier holds for every version."""
    spec, value = specifier(specifier_text), version(version_text)
    return spec is not None and value is not None and spec.contains(value, prereleases=True)


def pins(packages: Iterable[Package]) -> tuple[str, ...]:
    """The pins of ``packages``, sorted and once each."""
    return tuple(sorted({package.pin for package in packages}))


def listed(words: Iterable[str], most: int = 6) -> str:
    """``a, b and c``; what is beyond ``most`` becomes a number."""
    every = list(words)
    if len(every) > most:
        every = [*every[: most - 1], f"{len(every) - most + 1} more"]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
