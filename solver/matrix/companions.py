"""Whether a companion of a framework (torchvision, torchaudio) goes with the build of that framework beside it.

Its metadata names a release of the framework and no build of it, so that rows and versions alone tell this.
"""

from __future__ import annotations

from collections.abc import Container

from packaging.version import InvalidVersion, Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.frameworks import COMPANIONS, distributions
from solver.core.model import Platform
from solver.matrix.builds import built_cuda, has_cuda, is_recorded, made_for, source_of
from solver.matrix.load import Matrices
from solver.matrix.majors import go_together
from solver.matrix.rows import Build


def release_row(matrices: Matrices, package: str, version: str, platform: Platform) -> Build | NotKnown:
    """The row that tells what a companion was compiled against.

    All builds of one release are for one framework, on whichever platform: of a build without a row that is the row of
    another one.
    """
    here = (matrices.build(package, one, platform) for one in _spellings(version))
    row = next((one for one in here if isinstance(one, Build)), NOT_KNOWN)
    if isinstance(row, Build):
        return row
    rows = (row for row in matrices.builds_of(package) if row.version in _spellings(version))
    return min(rows, key=lambda row: row.id, default=NOT_KNOWN)


def bound_row(matrices: Matrices, build: Build, version: str) -> Build:
    """The row whose bounds hold for a build at its version: its own, or else that of a companion's release."""
    if is_recorded(build) or build.package not in COMPANIONS:
        return build
    row = release_row(matrices, build.package, version, build.platform)
    return row if isinstance(row, Build) else build


def _spellings(version: str) -> tuple[str, ...]:
    try:
        return version, Version(version).public
    except InvalidVersion:
        return (version,)


def is_alone(companion: str, packages: Container[str]) -> bool:
    """Whether its framework is missing, in whatever distribution, without which a companion cannot be imported."""
    return not any(name in packages for name in distributions(COMPANIONS[companion]))


def is_loadable(companion: Build, framework: Build) -> Answer:
    """Whether the framework has what a companion is linked to: the CUDA half, where that has CUDA code."""
    answers = has_cuda(companion), has_cuda(framework)
    if answers[0] is Answer.NO or answers[1] is Answer.YES:
        return Answer.YES
    return Answer.NO if answers == (Answer.YES, Answer.NO) else Answer.NOT_KNOWN


def has_operators(companion: Build, framework: Build) -> Answer:
    """Whether a companion computes where its framework does; one without CUDA code may be made for one that has it."""
    answers = has_cuda(companion), has_cuda(framework)
    is_meant = companion.version in made_for(framework, companion.package)
    if answers[0] is Answer.YES or answers[1] is Answer.NO or is_meant:
        return Answer.YES
    return Answer.NO if answers == (Answer.NO, Answer.YES) else Answer.NOT_KNOWN


def shares_cuda(companion: Build, other: Build) -> Verdict:
    """Whether a companion may meet any other build in one process: of two CUDA majors it may not."""
    together, source = go_together(companion, other), source_of(companion)
    if together is Answer.NO:
        why = f"it is built for CUDA {built_cuda(companion)} and {other.package} for {built_cuda(other)}"
        return Verdict(Answer.NO, why, source, companion.id)
    if together is Answer.NOT_KNOWN:
        return Verdict(Answer.NOT_KNOWN, "nobody read which CUDA it was built with", source, companion.id)
    return Verdict(Answer.YES)


def suits(companion: Build, framework: Build) -> Verdict:
    """Whether a companion will be well beside its framework; NOT_KNOWN where some of its operators will fail."""
    source, loadable = source_of(companion), is_loadable(companion, framework)
    if loadable is Answer.NO:
        why = f"it is linked to libraries of CUDA that {framework.package}, a CPU build, does not have"
        return Verdict(Answer.NO, why, source, companion.id)
    if has_operators(companion, framework) is Answer.NO:
        why = "it has no CUDA code, so that its operators fail on what lies on a GPU"
        return Verdict(Answer.NOT_KNOWN, why, source, companion.id)
    if loadable is Answer.NOT_KNOWN:
        why = "nobody read whether it has CUDA code, or whether its framework has"
        return Verdict(Answer.NOT_KNOWN, why, source, companion.id)
    return shares_cuda(companion, framework)
