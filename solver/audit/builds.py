"""How the packages of a set with GPU code were built, whichever index or channel they are from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from solver.audit.package_set import Package
from solver.core.answer import Answer, NotKnown
from solver.core.model import Framework, Platform
from solver.core.versions import major
from solver.matrix import builds
from solver.matrix.builds import build_cuda, has_cuda, is_cpu_build, is_recorded, stated
from solver.matrix.load import Matrices
from solver.matrix.rows import Build


@dataclass(frozen=True)
class BuiltPackage:
    """How one package of the set was built."""

    package: Package
    row: Build
    """Of a row, or of what its version or build string tells."""
    framework: Framework | None = None
    """Which framework it is, where it is one."""

    @property
    def pin(self) -> str:
        """``name==version``."""
        return self.package.pin

    @property
    def source(self) -> str:
        """Who tells how it was built."""
        return self.row.source

    @property
    def has_cuda(self) -> Answer:
        """Whether it has CUDA code."""
        return has_cuda(self.row)

    @property
    def cuda(self) -> str | None:
        """CUDA major.minor it was built with; None where it has none or nobody read it, see ``has_cuda``."""
        return stated(self.row.cuda)

    @property
    def cudnn(self) -> str | None:
        """The cuDNN it was built with; None where it uses none or nobody read it."""
        return stated(self.row.cudnn)

    @property
    def major(self) -> int | None:
        """Major of ``cuda``."""
        return None if self.cuda is None else major(self.cuda)

    @property
    def bundles(self) -> bool:
        """Whether its CUDA libraries surely lie inside it, or are conda's concern."""
        return self.row.bundles is True

    @property
    def guessed(self) -> bool:
        """Whether no row knows it and its version or build string alone told its CUDA."""
        return not is_recorded(self.row)


def built_wheel(
    package: Package, framework: Framework | None, matrices: Matrices, platform: Platform
) -> BuiltPackage | None:
    """The build of a package of a Python index; None where nothing tells."""
    if package.version is None:
        return None
    if package.elsewhere is not None:
        return None
    row = builds.wheel_build(matrices, package.name, package.version, platform)
    return None if isinstance(row, NotKnown) else BuiltPackage(package, row, framework)


def built_conda(
    package: Package,
    framework: Framework | None,
    packages: Iterable[Package],
    matrices: Matrices,
    platform: Platform,
) -> BuiltPackage | None:
    """The build of a conda package among ``packages``; None where nothing tells."""
    # The package that holds TensorFlow's libraries; the one named after it only points there.
    base = next((p for p in packages if p.conda == f"{package.conda}-base" and p.build), package)
    build = base.build or _telling(base.build_pattern)
    row = builds.conda_build(matrices, package.conda or "", package.version or "", build, platform)
    return None if isinstance(row, NotKnown) else BuiltPackage(package, row, framework)


def _telling(pattern: str | None) -> str | None:
    """A pattern of build strings, where each that it admits is a CPU build, or of one CUDA; else None."""
    begin = "" if pattern is None or "|" in pattern else pattern.lstrip("*")
    return begin if is_cpu_build(begin) or build_cuda(begin) is not None else None
