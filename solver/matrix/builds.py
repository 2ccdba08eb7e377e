"""What the row of a build means: whether it has CUDA code, of which CUDA, and for which GPUs.

Everything here takes plain versions and build strings, so that search, audit, locks and predictions
read one answer. Where a row does not say, or there is none, the answer is NOT_KNOWN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, answer
from solver.core.frameworks import CPU_DISTRIBUTIONS, distributions, framework_of
from solver.core.indexes import is_partial
from solver.core.model import Platform
from solver.core.versions import leading, major, minor
from solver.matrix import drivers
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build, CondaBuild
from solver.matrix.rules import Versions, admits

Code = Literal["native", "ptx", "none"]
"""native: machine code for the GPU; ptx: compiled by the driver first; none: neither."""
LIBPROTOBUF = "libprotobuf"
"""conda's name of the library that both frameworks link to."""
Stated = str | NotKnown | None
"""A version as a row states it; None: there is none; NOT_KNOWN: nobody read it."""

_NUMBER = re.compile(r"[0-9]{1,9}")
"""A build number of conda's; longer digits are no number that anybody gave, and python would refuse to read them."""

# PyTorch's local versions spell the CUDA version without its dot: cu128 is 12.8.
_LOCAL_CUDA = re.compile(r"cu(?P<major>\d+)(?P<minor>\d)")
# So do the build strings of conda-forge: cuda126_mkl_py311_…, cuda_126_…; some have the dot.
_BUILD_CUDA = re.compile(r"cuda_?(?P<major>9|\d{2})\.?(?P<minor>\d)(?!\d)")
# cpu_mkl_py311_…; PyTorch's own channel had py3.11_cpu_0.
_BUILD_CPU = re.compile(r"(^|_)cpu(_|$)")


# ---- what a field says ------------------------------------------------------------------------------


def stated(field: str | NotKnown) -> Stated:
    """The version that a field of a row states; None where the field says "none"."""
    return None if field == NONE else field


def told_by(build: Build) -> str:
    """Who tells how a build was made, and who which cuDNN it was made with, where that is another."""
    return build.source if isinstance(build.cudnn_source, NotKnown) else f"{build.source}; cuDNN: {build.cudnn_source}"


def made_for(build: Build, companion: str) -> tuple[str, ...]:
    """The releases of a companion that rows know to be made for exactly this build; there may be others."""
    return build.companions.get(companion, ())


def entries(field: tuple[str, ...] | NotKnown) -> tuple[str, ...]:
    """The entries of a field of a row; none where nobody read it."""
    return () if isinstance(field, NotKnown) else field


def cuda_major(build: Build) -> int | NotKnown | None:
    """The CUDA major that a build was made with; None where it has no CUDA code."""
    cuda = stated(build.cuda)
    return major(cuda) if isinstance(cuda, str) else cuda


def has_cuda(build: Build) -> Answer:
    """Whether a build has CUDA code."""
    return Answer.NOT_KNOWN if build.cuda is NOT_KNOWN else answer(build.cuda != NONE)


def has_wheel(build: Build, python: str) -> bool:
    """Whether the build has a wheel for a python (major.minor); where nobody read that, none is promised."""
    return python in entries(build.python)


def wheel_for(matrices: Matrices, build: Build, python: str) -> Answer:
    """Whether a build has a wheel for a python (major.minor).

    Of an index of which only what public sources tell is recorded, rows list the pythons whose wheels those name: one
    that another build of the same release is for may have a wheel of this one too.
    """
    if isinstance(build.python, NotKnown):
        return Answer.NOT_KNOWN
    if has_wheel(build, python) or not build.python:
        return Answer.YES
    if not is_partial(build.index):
        return Answer.NO
    release = _release(build)
    others = (row for row in matrices.builds_of(build.package) if release and _release(row) == release)
    return Answer.NOT_KNOWN if any(has_wheel(row, python) for row in others) else Answer.NO


def _release(build: Build) -> str:
    """Its version without the local part; empty where its row tells of several."""
    return "" if isinstance(build.version, NotKnown) else build.version.partition("+")[0]


def framework_pythons(matrices: Matrices) -> set[str]:
    """The pythons (major.minor) that some framework has a wheel for."""
    return {python for row in matrices.builds if framework_of(row.package) for python in entries(row.python)}


# ---- which build it is ------------------------------------------------------------------------------


def is_recorded(build: Build) -> bool:
    """Whether a row tells of the build; false where its version or build string alone does."""
    return bool(build.id)


def local_cuda(version: str) -> str | NotKnown:
    """The CUDA in the local part of a version: "12.8" of 2.9.1+cu128, "none" of 2.9.1+cpu."""
    try:
        local = Version(version).local or ""
    except InvalidVersion:
        return NOT_KNOWN
    match = _LOCAL_CUDA.fullmatch(local)
    if match is not None:
        return f"{match['major']}.{match['minor']}"
    return NONE if local == "cpu" else NOT_KNOWN


def wheel_build(matrices: Matrices, package: str, version: str, platform: Platform) -> Build | NotKnown:
    """The build of a wheel: its row, or else as much as its names tell.

    Those are the local part of its version, and the name of a distribution that a framework has for CPU builds.
    """
    row = matrices.build(package, version, platform)
    if isinstance(row, Build):
        return row
    if package in CPU_DISTRIBUTIONS:
        return _named(f"the name of {package}", package, version, platform, NONE)
    cuda = local_cuda(version)
    if isinstance(cuda, NotKnown):
        return row
    return _named(f"the local part of {package}'s version", package, version, platform, cuda)


def build_cuda(build: str | NotKnown) -> str | NotKnown:
    """The CUDA in conda's build string: "12.9" of cuda129_mkl_…, "none" of cpu_mkl_…; of gpu_py37_… nobody knows."""
    if isinstance(build, NotKnown):
        return NOT_KNOWN
    match = _BUILD_CUDA.search(build)
    if match is not None:
        return f"{match['major']}.{match['minor']}"
    return NONE if _BUILD_CPU.search(build) else NOT_KNOWN


def conda_rows(
    matrices: Matrices,
    package: str,
    version: str,
    build: str | NotKnown,
    platform: Platform,
    *,
    number: int | NotKnown = NOT_KNOWN,
    python: str | NotKnown = NOT_KNOWN,
) -> list[CondaBuild]:
    """The rows that a conda package may be of, in the order of their file.

    ``number`` is the build number, by default the end of the build string; where the build string is not known
    every build of the version fits, and without ``python`` those for any.
    """
    if not isinstance(build, NotKnown) and isinstance(number, NotKnown):
        tail = build.rpartition("_")[2]
        number = int(tail) if _NUMBER.fullmatch(tail) else NOT_KNOWN
    return [
        row
        for row in matrices.conda_builds
        if (row.package, row.version, row.platform) == (package, version, platform)
        and (isinstance(number, NotKnown) or not row.build_numbers or number in row.build_numbers)
        and (isinstance(build, NotKnown) or _may_have(build, row.cuda))
        and (isinstance(python, NotKnown) or not row.python or python in row.python)
    ]


def _may_have(build: str, cuda: str) -> bool:
    """Whether a build with this string may have that CUDA.

    conda-forge writes cpu or cuda into the build string of every build of both frameworks, so that one which tells
    neither is of no row; cuda_py313_… leaves open which.
    """
    named = build_cuda(build)
    return ("cuda" in build and cuda != NONE) if isinstance(named, NotKnown) else cuda == named


def conda_build(
    matrices: Matrices, package: str, version: str, build: str | NotKnown, platform: Platform
) -> Build | NotKnown:
    """The build of a conda package: what its rows agree on, or else what its build string tells.

    conda brings the libraries that a build runs on, so that it counts as one that bundles them.
    """
    rows = conda_rows(matrices, package, version, build, platform)
    if len({row.cuda for row in rows}) == 1:
        cudnn = {one for row in rows for one in entries(row.cudnn)}
        return Build(
            id=rows[0].id,
            source=rows[0].source,
            package=package,
            version=version,
            platform=platform,
            cuda=rows[0].cuda,
            cudnn=cudnn.pop() if len(cudnn) == 1 else NOT_KNOWN,
            bundles=True,
        )
    cuda = build_cuda(build)
    if isinstance(cuda, NotKnown):
        return NOT_KNOWN
    return _named(f"the build string {build}", package, version, platform, cuda, bundles=True)


def _named(
    source: str, package: str, version: str, platform: Platform, cuda: str, *, bundles: bool | NotKnown = NOT_KNOWN
) -> Build:
    return Build(id="", source=source, package=package, version=version, platform=platform, cuda=cuda, bundles=bundles)


# ---- what it wants beside it ------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """What a build asks of another package, should it be in the set."""

    package: str
    """As its row names it: a framework's name means every distribution of it, see ``distributions``."""
    specifier: str
    generated: str | None = None
    """The protobuf that generated the build's code, where that is why; else it was compiled against the package."""

    @property
    def distributions(self) -> tuple[str, ...]:
        """Every distribution that the bound is about."""
        return distributions(self.package)


def bounds(build: Build) -> tuple[Bound, ...]:
    """What the code was compiled against, by package; generated code refuses a protobuf that is older than it."""
    generated = stated(build.protobuf)
    compiled = [Bound(package, specifier) for package, specifier in sorted(build.needs.items())]
    if isinstance(generated, str):
        compiled.append(Bound("protobuf", f">={generated}", generated))
    return tuple(sorted(compiled, key=lambda bound: bound.package))


def broken_bounds(build: Build, versions: Versions) -> Iterator[tuple[Bound, str]]:
    """The bounds that the packages of a set surely break, each with the distribution that breaks it."""
    for bound in bounds(build):
        for name in bound.distributions:
            if name in versions and admits(bound.specifier, versions[name]) is Answer.NO:
                yield bound, name


def bound_packages(matrices: Matrices) -> set[str]:
    """The packages that some build was compiled against."""
    return {other for row in matrices.builds for bound in bounds(row) for other in bound.distributions}


def built_against(build: CondaBuild) -> dict[str, str]:
    """The libraries that conda's build links to, by conda name, each with as much of its version as counts.

    Only those that somebody read.
    """
    fields = {LIBPROTOBUF: build.libprotobuf, "libabseil": build.libabseil}
    return {name: version for name, field in fields.items() if isinstance(version := stated(field), str)}


def links_to(built: str, version: str) -> bool:
    """Whether what was built against ``built`` of a library finds it in ``version``: their leading parts are one."""
    return leading(version, built.count(".") + 1) == built


# ---- which GPUs it has code for ---------------------------------------------------------------------


def code_for(gpu: str, sm: Sequence[str] | NotKnown, ptx: Sequence[str] | NotKnown) -> Code | NotKnown:
    """What a build with this code has for compute capability ``gpu``; NOT_KNOWN where nobody read its code.

    Native code runs on the same major and a minor at least as high; PTX on anything newer
    (CUDA C++ programming guide, "Binary compatibility" and "PTX compatibility").
    """
    capability = Version(gpu)
    if isinstance(sm, NotKnown):
        return NOT_KNOWN
    if any(Version(have).major == capability.major and Version(have) <= capability for have in sm):
        return "native"
    if isinstance(ptx, NotKnown):
        return NOT_KNOWN
    return "ptx" if any(Version(have) <= capability for have in ptx) else "none"


def compiles_ptx(cuda: str, driver: str, platform: Platform, matrices: Matrices) -> Verdict:
    """Whether ``driver`` compiles the PTX of a CUDA (major.minor).

    Minor-version compatibility does not cover PTX of a toolkit newer than the driver
    (CUDA compatibility guide, "Limitations").
    """
    own = drivers.own(cuda, platform, matrices)
    if isinstance(own, NotKnown):
        toolkit = matrices.toolkit(cuda)
        why = f"nobody read which driver compiles PTX of CUDA {minor(cuda)} on {platform}"
        return Verdict(Answer.NOT_KNOWN, why, "the matrices" if isinstance(toolkit, NotKnown) else toolkit.source)
    if not own.admits(driver):
        why = f"driver {driver} is older than {own.driver}, CUDA {minor(cuda)}'s own, and does not compile its PTX"
        return Verdict(Answer.NO, why, own.source, own.row)
    return Verdict(Answer.YES)


def runs_on(build: Build, gpu: str, driver: str | None, matrices: Matrices) -> Verdict:
    """Whether a build has code that runs on compute capability ``gpu`` with ``driver``.

    Without a driver nothing is said against its PTX. A build without CUDA code runs on any GPU's machine.
    """
    if has_cuda(build) is Answer.NO:
        return Verdict(Answer.YES)
    code = code_for(gpu, build.sm, build.ptx)
    if code == "none":
        why = f"it has neither native code nor PTX for compute capability {gpu}"
        return Verdict(Answer.NO, why, build.source, build.id)
    if code is NOT_KNOWN:
        why = f"nobody read which compute capabilities it has code for, so {gpu} is not assured"
        return Verdict(Answer.NOT_KNOWN, why, build.source, build.id)
    if code == "ptx" and driver is not None:
        if isinstance(build.cuda, NotKnown):
            why = f"it has only PTX for compute capability {gpu}, and nobody read of which CUDA"
            return Verdict(Answer.NOT_KNOWN, why, build.source, build.id)
        compiled = compiles_ptx(build.cuda, driver, build.platform, matrices)
        why = f"it has only PTX for compute capability {gpu}: {compiled.why}"
        if compiled.answer is not Answer.YES:
            return Verdict(compiled.answer, why, compiled.source, compiled.row)
    return Verdict(Answer.YES)
