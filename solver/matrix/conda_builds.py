"""What the rows of conda's builds mean: which one a package is of, of which CUDA, for which pythons, against what."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import CondaName, Platform, PypiName
from solver.core.versions import leading, meets, within
from solver.matrix.builds import Stated, entries, named_build, stated
from solver.matrix.gpu_names import is_named_for_gpu
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build, CondaBuild, CondaTrap

LIBPROTOBUF = CondaName("libprotobuf")
"""conda's name of the library that both frameworks link to."""
LINKED = (LIBPROTOBUF, CondaName("libabseil"))
"""The libraries of which rows tell what a build is linked to."""
_NUMBER = re.compile(r"[0-9]{1,9}")
"""A build number of conda's; longer digits are no number that anybody gave, and python would refuse to read them."""

# So do the build strings of conda-forge: cuda126_mkl_py311_…, cuda_126_…; some have the dot.
_BUILD_CUDA = re.compile(r"cuda_?(?P<major>9|\d{2})\.?(?P<minor>\d)(?!\d)")
# cpu_mkl_py311_…; PyTorch's own channel had py3.11_cpu_0.
_BUILD_CPU = re.compile(r"(^|_)cpu(_|$)")
_CUDA_PATTERN = re.compile(r"\^\.\*cuda_\?(\d+)\.\*\$")


CUDA_BUILDS = "*cuda*"
"""A MatchSpec's pattern of the build strings for which ``may_be_cuda``."""
CPU_BUILDS = "^(.*_)?cpu(_.*)?$"
"""The same of builds whose string says that they are for the CPU."""


def cuda_builds(major: int) -> str:
    """A MatchSpec's pattern of the build strings that name a CUDA of ``major``."""
    return rf"^.*cuda_?{major}.*$"


def plain_builds(text: str) -> str:
    """``text`` about specs with these patterns, such as a channel's refusal, in the words that people write."""
    return _CUDA_PATTERN.sub(r"*cuda\1*", text.replace(CPU_BUILDS, "cpu*"))


def may_be_cuda(build: str | NotKnown | None) -> bool:
    """Whether a build string speaks of CUDA, if only of some; None: there is none."""
    return isinstance(build, str) and "cuda" in build


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
        for row in matrices.conda_builds_of(package)
        if (row.version, row.platform) == (version, platform)
        and (isinstance(number, NotKnown) or not row.build_numbers or number in row.build_numbers)
        and (isinstance(build, NotKnown) or _may_have(build, row.cuda))
        and (isinstance(python, NotKnown) or not row.python or python in row.python)
    ]


def framework_rows(
    package: str, specifier: str, platform: Platform, *, gpu: bool, matrices: Matrices
) -> list[CondaBuild]:
    """The rows of a framework's builds within ``specifier``: with CUDA code where ``gpu``, without it otherwise."""
    return [
        row
        for row in matrices.conda_builds_of(package)
        if row.platform == platform and (row.cuda != NONE) == gpu and meets(row.version, specifier)
    ]


def _may_have(build: str, cuda: str) -> bool:
    """Whether a build with this string may have that CUDA.

    conda-forge writes cpu or cuda into the build string of every build of both frameworks, so that one which tells
    neither is of no row; cuda_py313_… leaves open which.
    """
    named = build_cuda(build)
    return (may_be_cuda(build) and cuda != NONE) if isinstance(named, NotKnown) else cuda == named


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
    return named_build(f"the build string {build}", package, version, platform, cuda, bundles=True)


def refused_by(matrices: Matrices, package: str) -> tuple[CondaTrap, ...]:
    """The rows of builds of a package that no lock may hold, whatever is beside them."""
    return tuple(row for row in matrices.conda_traps if row.package == package and row.refuse)


def may_hold_code(name: PypiName, build: str | None, pattern: str, packages: Container[str]) -> bool:
    """Whether something says of a package that no row tells of that it holds GPU code.

    ``name`` is what PyPI calls it, ``pattern`` what the set says of a build string that it leaves open (None), and
    ``packages`` are all of the set. A guess that is meant to be generous, as ``gpu_names`` has it.
    """
    if build is not None and "py" not in build:
        # conda's CUDA libraries are the concern of its own solver; python's packages meet the frameworks.
        return False
    said = build or pattern
    if name in _untold_holders(packages):
        return build_cuda(said.strip("*")) != NONE
    is_library = build is None and name.startswith("lib")
    by_build = may_be_cuda(said) and not is_library and not _is_of_a_framework(name)
    return is_named_for_gpu(name) or by_build


def _untold_holders(packages: Container[str]) -> set[str | None]:
    """The packages that hold the GPU code of frameworks of whose builds by conda no row tells."""
    untold = (entry for entry in FRAMEWORKS.values() if not entry.from_conda)
    return {next((one for one in (entry.conda_code, entry.conda) if one in packages), None) for entry in untold}


def _is_of_a_framework(name: str) -> bool:
    """Whether a conda package is named as a part of a framework is: tensorflow-base, tensorflow-estimator."""
    return any(name.startswith(f"{entry.conda}-") for entry in FRAMEWORKS.values())


def conda_cuda(row: CondaBuild) -> Stated:
    """The CUDA (major.minor) that a build was made with; None where it has no CUDA code."""
    return stated(row.cuda)


def cudas(rows: Iterable[CondaBuild]) -> set[str]:
    """The CUDAs of some builds; "none" of those without CUDA code."""
    return {row.cuda for row in rows}


def is_for(row: CondaBuild, python: str) -> bool:
    """Whether a build is for a python (major.minor); a row that lists none is for any."""
    return not row.python or python in row.python


def is_for_some(row: CondaBuild, specifier: str) -> bool:
    """Whether a build is for some python within a specifier."""
    return not row.python or any(within(python, specifier) for python in row.python)


def pythons_of(rows: Iterable[CondaBuild]) -> set[str]:
    """The pythons (major.minor) that some build is known to be for."""
    return {python for row in rows for python in row.python}


def share_a_python(rows: Sequence[CondaBuild]) -> bool:
    """Whether one python suits all these builds."""
    return all(not row.python for row in rows) or any(
        all(is_for(row, python) for row in rows) for python in pythons_of(rows)
    )


def built_against(build: CondaBuild) -> dict[CondaName, str]:
    """The libraries that conda's build links to, by conda name, each with as much of its version as counts.

    Only those that somebody read.
    """
    fields = dict(zip(LINKED, (build.libprotobuf, build.libabseil), strict=True))
    return {name: version for name, field in fields.items() if isinstance(version := stated(field), str)}


def links_to(built: str, version: str) -> bool:
    """Whether what was built against ``built`` of a library finds it in ``version``: their leading parts are one."""
    return leading(version, built.count(".") + 1) == built
