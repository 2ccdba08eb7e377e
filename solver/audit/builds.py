"""How the frameworks of a set were built, from rows or from what their versions and build strings say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solver.audit.package_set import Package
from solver.audit.words import major, version
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import Framework, Platform
from solver.matrix import rows
from solver.matrix.builds import stated
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, CondaBuild

# PyTorch's local versions spell the CUDA version without its dot: cu128 is 12.8.
_LOCAL_CUDA = re.compile(r"cu(\d+)(\d)")
# So do the build strings of conda-forge: cuda126_mkl_py311_….
_BUILD_CUDA = re.compile(r"cuda_?(\d{2})(\d)")


@dataclass(frozen=True)
class Build:
    """How one framework of the set was built, whichever index or channel it is from."""

    framework: Framework
    package: Package
    cuda: str | None
    """CUDA major.minor; None: a CPU build."""
    cudnn: str | None
    source: str
    sm: tuple[str, ...] | NotKnown = NOT_KNOWN
    ptx: tuple[str, ...] | NotKnown = NOT_KNOWN
    bundles: bool = False
    """True where its CUDA libraries lie inside it, or are conda's concern."""
    row: rows.Build | None = None
    guessed: bool = False
    """True where no row knows it and its version or build string alone told its CUDA."""

    @property
    def pin(self) -> str:
        """``name==version``."""
        return self.package.pin

    @property
    def major(self) -> int | None:
        """CUDA major; None for a CPU build."""
        return None if self.cuda is None else major(self.cuda)


def wheel_build(framework: Framework, package: Package, matrices: Matrices, platform: Platform) -> Build | None:
    """The build of a package of a Python index; None where nothing tells."""
    release = version(package.version)
    if package.version is None or release is None:
        return None
    row = matrices.build(package.name, package.version, platform)
    if row is not None:
        return _of_row(framework, package, row)
    if framework == "tensorflow":
        return None
    source = "the local part of torch's version"
    if release.local == "cpu":
        return Build("torch", package, None, None, source, bundles=True, guessed=True)
    named = _LOCAL_CUDA.fullmatch(release.local or "")
    return Build("torch", package, f"{named[1]}.{named[2]}", None, source, guessed=True) if named else None


def conda_build(
    framework: Framework, package: Package, packages: Iterable[Package], matrices: Matrices, platform: Platform
) -> Build | None:
    """The build of a conda package among ``packages``; None where nothing tells."""
    # The package that holds TensorFlow's libraries; the one named after it only points there.
    base = next((p for p in packages if p.conda == f"{package.conda}-base" and p.build), package)
    build = base.build
    fitting = [
        row
        for row in matrices.conda_builds
        if (row.package, row.version, row.platform) == (package.conda, package.version, platform)
        and (build is None or _is_of_build(row, build))
    ]
    if len({row.cuda for row in fitting}) == 1:
        cuda = stated(fitting[0].cuda)
        return Build(framework, package, cuda, _one_cudnn(fitting), fitting[0].source, bundles=True)
    # conda-forge writes cpu or cuda into the build string of every build of both frameworks.
    source = f"the build string {build}"
    if build is not None and build.startswith("cpu"):
        return Build(framework, package, None, None, source, bundles=True, guessed=True)
    named = _BUILD_CUDA.match(build or "")
    cuda = f"{named[1]}.{named[2]}" if named else None
    return Build(framework, package, cuda, None, source, bundles=True, guessed=True) if cuda else None


def _one_cudnn(rows: Sequence[CondaBuild]) -> str | None:
    """The cuDNN that all rows were built with; None where they differ or none tells."""
    told = {cudnn for row in rows if not isinstance(row.cudnn, NotKnown) for cudnn in row.cudnn}
    return told.pop() if len(told) == 1 else None


def _of_row(framework: Framework, package: Package, row: rows.Build) -> Build:
    return Build(
        framework,
        package,
        stated(row.cuda),
        stated(row.cudnn),
        row.source,
        sm=row.sm,
        ptx=row.ptx,
        bundles=row.bundles is True,
        row=row,
    )


def _is_of_build(row: CondaBuild, build: str) -> bool:
    number = build.rpartition("_")[2]
    if row.build_numbers and number.isdigit() and int(number) not in row.build_numbers:
        return False
    named = _BUILD_CUDA.match(build)
    return (row.cuda == NONE) if named is None else row.cuda == f"{named[1]}.{named[2]}"
