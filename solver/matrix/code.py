"""Which GPUs a build has code for, native or PTX, and which driver compiles that PTX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.model import Platform
from solver.core.versions import minor, numbers
from solver.matrix import drivers
from solver.matrix.builds import built_cuda, has_cuda
from solver.matrix.gpus import is_newer
from solver.matrix.load import Matrices
from solver.matrix.rows import Build

Code = Literal["native", "ptx", "none"]
"""native: machine code for the GPU; ptx: compiled by the driver first; none: neither."""


def code_of(build: Build, gpu: str) -> Code | NotKnown:
    """What a build has for compute capability ``gpu``, whichever CUDA it was built with."""
    return code_for(gpu, build.sm, build.ptx)


def native(build: Build) -> tuple[str, ...] | NotKnown:
    """The compute capabilities that a build has machine code for."""
    return build.sm


def is_beyond(build: Build, gpu: str, matrices: Matrices) -> bool:
    """Whether a GPU is known to be newer than the build's code: than all of it, or than its toolkit knows."""
    cuda, sm = built_cuda(build), native(build)
    toolkit = matrices.toolkit(cuda) if isinstance(cuda, str) else NOT_KNOWN
    if not isinstance(toolkit, NotKnown) and is_newer(gpu, toolkit):
        return True
    return not isinstance(sm, NotKnown) and bool(sm) and numbers(gpu) > max(map(numbers, sm))


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
    code = code_of(build, gpu)
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
