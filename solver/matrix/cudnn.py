"""Which cuDNN serves the code of a build, and which one it comes upon in a process.

All releases of one cuDNN major share a soname, and a process holds one library of a name: the first that is
loaded serves everybody. A release serves what was compiled against its own minor or an older one, whatever the patch
(cuDNN developer guide, "API Compatibility"). TensorFlow (cuda_dnn.cc) and torch (backends/cudnn) check just that.
"""

from __future__ import annotations

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.model import Platform
from solver.core.versions import major, numbers
from solver.matrix.builds import Stated, has_cuda, source_of, stated
from solver.matrix.libraries import bundled
from solver.matrix.load import Matrices
from solver.matrix.rows import Build
from solver.matrix.rules import admits

_YES = Verdict(Answer.YES)


def served_by(build: Build) -> str | NotKnown | None:
    """Specifier of the cuDNNs that serve a build; None where it uses none."""
    built = built_with(build)
    if not isinstance(built, str):
        return built
    first, second = numbers(built)
    return f">={first}.{second},<{first + 1}"


def cudnn_suits(build: Build, cudnn: str | NotKnown) -> Verdict:
    """Whether a cuDNN (version) serves a build that takes it for its own; YES where the build uses none."""
    specifier = served_by(build)
    if specifier is None:
        return _YES
    if isinstance(specifier, NotKnown):
        return Verdict(Answer.NOT_KNOWN, "nobody read which cuDNN it was compiled with", source_of(build), build.id)
    will_do = admits(specifier, cudnn)
    if isinstance(cudnn, NotKnown) or will_do is Answer.NOT_KNOWN:
        return Verdict(Answer.NOT_KNOWN, "nobody read which cuDNN it will load", source_of(build), build.id)
    if will_do is Answer.YES:
        return _YES
    why = f"it was compiled with cuDNN {build.cudnn}, and {cudnn} {fault_of(build, cudnn)}"
    return Verdict(Answer.NO, why, source_of(build), build.id)


def fault_of(build: Build, cudnn: str) -> str:
    """What is wrong with a cuDNN that does not serve a build: "is older"."""
    return "is older" if has_name(build, cudnn) is Answer.YES else "has another major"


def works_beside(build: Build, cudnn: str | NotKnown) -> Verdict:
    """Whether a build works where somebody else's cuDNN may be loaded first.

    One of another major is no harm: it has another name, so that the build loads its own beside it.
    """
    return _YES if has_name(build, cudnn) is Answer.NO else cudnn_suits(build, cudnn)


def has_name(build: Build, cudnn: str | NotKnown) -> Answer:
    """Whether a cuDNN has the soname that a build looks for; NO where the build uses none."""
    built = built_with(build)
    if built is None:
        return Answer.NO
    return Answer.NOT_KNOWN if isinstance(built, NotKnown) else admits(f"=={major(built)}.*", cudnn)


def met(build: Build, own: str | NotKnown | None, first: str | NotKnown | None) -> Verdict:
    """Whether the cuDNN that a build comes upon serves it.

    ``first`` was loaded before it for somebody else, ``own`` is what it would load itself; None: there is none, or
    its own lies inside its wheel and so serves it.
    """
    if first is not None and has_name(build, first) is not Answer.NO:
        return cudnn_suits(build, first)
    return _YES if own is None else cudnn_suits(build, own)


def carried(build: Build) -> str | NotKnown | None:
    """The cuDNN inside a wheel; None where there is none."""
    carrying = carries(build)
    if carrying is Answer.NO:
        return None
    return build.cudnn if carrying is Answer.YES else NOT_KNOWN


def carries(build: Build) -> Answer:
    """Whether a wheel holds a cuDNN; NO where it uses none, opens what lies outside or pins who brings that."""
    return Answer.NO if built_with(build) is None else bundled(build)


def carriers(matrices: Matrices, platform: Platform) -> tuple[str, ...]:
    """The packages of which some wheel holds a cuDNN that somebody read, by name."""
    rows = (row for row in matrices.builds if row.platform == platform)
    return tuple(sorted({row.package for row in rows if isinstance(carried(row), str)}))


def built_with(build: Build) -> Stated:
    """The cuDNN that a build was compiled with; None where it uses none, as whatever has no CUDA code."""
    return None if has_cuda(build) is Answer.NO else stated(build.cudnn)
