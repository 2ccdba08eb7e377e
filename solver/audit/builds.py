"""How the packages of a set with GPU code were built, whichever index or channel they are from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.model import Framework, Platform
from solver.core.variants import variant_labels
from solver.matrix import builds
from solver.matrix.builds import Stated, built_cuda, cuda_major, has_cuda, is_recorded, source_of
from solver.matrix.conda_builds import build_cuda, may_be_cuda
from solver.matrix.conda_sets import CondaPackage, CondaSet
from solver.matrix.cudnn import built_with
from solver.matrix.libraries import bundled
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import NONE, Build


@dataclass(frozen=True)
class BuiltPackage:
    """How one package of the set was built."""

    package: Package
    row: Build
    """Of a row, or of what its version or build string tells."""
    framework: Framework | None = None
    """Which framework it is; None: it is none."""

    @property
    def pin(self) -> str:
        """``name==version``."""
        return self.package.pin

    @property
    def source(self) -> str:
        """Who tells how it was built."""
        return source_of(self.row)

    @property
    def has_cuda(self) -> Answer:
        """Whether it has CUDA code."""
        return has_cuda(self.row)

    @property
    def cuda(self) -> Stated:
        """CUDA major.minor it was built with; None where it has no CUDA code."""
        return built_cuda(self.row)

    @property
    def cudnn(self) -> Stated:
        """The cuDNN it was built with; None where it uses none."""
        return built_with(self.row)

    @property
    def major(self) -> int | NotKnown | None:
        """Major of ``cuda``; None where it has no CUDA code."""
        return cuda_major(self.row)

    @property
    def bundles(self) -> Answer:
        """Whether its CUDA libraries lie inside it, or are conda's concern."""
        return bundled(self.row)

    @property
    def guessed(self) -> bool:
        """Whether no row knows it and its version or build string alone told its CUDA."""
        return not is_recorded(self.row)


def built_wheel(
    package: Package, framework: Framework | None, matrices: Matrices, platform: Platform
) -> BuiltPackage | NotKnown:
    """The build of a package of a Python index."""
    if package.version is None or package.elsewhere is not None or variant_labels(package.files):
        return NOT_KNOWN  # of variant wheels each is another build, and rows tell of those that pip takes
    row = builds.wheel_build(matrices, package.name, package.version, platform)
    return NOT_KNOWN if isinstance(row, NotKnown) else BuiltPackage(package, row, framework)


def conda_set(packages: Iterable[Package], place: Place, matrices: Matrices) -> CondaSet:
    """The packages that come from conda, as far as the set says what they are."""
    of_conda = ((package.conda, package) for package in packages if package.conda is not None)
    members = {name: CondaPackage(name, one.version or NOT_KNOWN, stated_build(one)) for name, one in of_conda}
    return CondaSet(members, place, matrices)


def built_conda(package: Package, framework: Framework | None, conda: CondaSet) -> BuiltPackage | NotKnown:
    """The build of a conda package of a set."""
    row = NOT_KNOWN if package.conda is None else conda.build(package.conda)
    return NOT_KNOWN if isinstance(row, NotKnown) else BuiltPackage(package, row, framework)


def stated_build(package: Package) -> str | NotKnown:
    """The build string of a conda package, or as much of it as the set says and tells CPU builds from those of CUDA."""
    if package.build is not None:
        return package.build
    pattern = package.build_pattern or ""
    part = "" if "|" in pattern else pattern.strip("*")
    return part if may_be_cuda(part) or build_cuda(part) == NONE else NOT_KNOWN
