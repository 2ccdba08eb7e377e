"""What the row of a build means: whether it has CUDA code, of which CUDA, and for which GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.model import Target
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build, CudaToolkit, Rule

TENSORFLOW = ("tensorflow", "tensorflow-cpu", "tensorflow-intel")
"""The distributions that bring TensorFlow."""


Code = Literal["native", "ptx", "none"]
"""native: machine code for the GPU; ptx: compiled by the driver first; none: neither."""


def stated(field: str | NotKnown) -> str | None:
    """The version that a field of a row states; None where it says "none" or nobody read it.

    For bounds, which both cases leave open; whoever must tell them apart asks ``has_cuda``.
    """
    return field if isinstance(field, str) and field != NONE else None


def has_cuda(build: Build) -> Answer:
    """Whether a build has CUDA code."""
    return Answer.NOT_KNOWN if build.cuda is NOT_KNOWN else answer(build.cuda != NONE)


def has_wheel(build: Build, python: str) -> bool:
    """Whether the build has a wheel for a python (major.minor); where nobody read that, none is promised."""
    return not isinstance(build.python, NotKnown) and python in build.python


def pythons(matrices: Matrices) -> set[str]:
    """The pythons (major.minor) that some framework has a wheel for."""
    return {python for row in matrices.builds if not isinstance(row.python, NotKnown) for python in row.python}


def major(version: str) -> int:
    """The first number of a dotted version."""
    return int(version.split(".", 1)[0])


def minor(version: str) -> str:
    """major.minor of a dotted version."""
    return ".".join(version.split(".")[:2])


def code_for(gpu: str, sm: Sequence[str] | NotKnown, ptx: Sequence[str] | NotKnown) -> Code | NotKnown:
    """What a build with this code has for compute capability ``gpu``; NOT_KNOWN where nobody read its code.

    Native code runs on the same major and a minor at least as high; PTX on anything newer
    (CUDA C++ programming guide, "Binary compatibility" and "PTX compatibility").
    """
    wanted = Version(gpu)
    if isinstance(sm, NotKnown):
        return NOT_KNOWN
    if any(Version(have).major == wanted.major and Version(have) <= wanted for have in sm):
        return "native"
    if isinstance(ptx, NotKnown):
        return NOT_KNOWN
    return "ptx" if any(Version(have) <= wanted for have in ptx) else "none"


def driver_refusal(toolkit: CudaToolkit, matrices: Matrices, target: Target) -> tuple[str, str, str] | None:
    """Why the target's driver cannot run ``toolkit``: (why, source, row id); None where it can."""
    if target.driver is None:
        return f"the target has no NVIDIA driver, CUDA {toolkit.cuda} needs one", toolkit.source, toolkit.id
    family = matrices.family(major(toolkit.cuda))
    if family is None:
        return f"no matrix row tells which driver CUDA {toolkit.cuda} needs", toolkit.source, toolkit.id
    needs = family.driver_windows if target.platform == "win-64" else family.driver
    if isinstance(needs, NotKnown):
        return f"CUDA {family.major} has no driver for {target.platform}", family.source, family.id
    if Version(target.driver) < Version(needs):
        why = f"CUDA {family.major}.x needs a driver >= {needs} and the request promises only {target.driver}"
        return why, family.source, family.id
    return None


def gpu_refusal(build: Build, matrices: Matrices, target: Target) -> str | None:
    """Why ``build`` does not serve every GPU of the target; None where it does."""
    cuda = stated(build.cuda)
    for gpu in target.gpus if cuda else ():
        code = code_for(gpu, build.sm, build.ptx)
        if code == "none":
            return f"it has neither native code nor PTX for compute capability {gpu}"
        if code is NOT_KNOWN:
            return f"nobody read which compute capabilities it has code for, so {gpu} is not assured"
        if code == "ptx" and cuda and not _compiles_ptx(cuda, matrices, target):
            return (
                f"it has only PTX for compute capability {gpu}, which a driver older than "
                f"CUDA {minor(cuda)}'s own ({target.driver}) does not compile"
            )
    return None


def _compiles_ptx(cuda: str, matrices: Matrices, target: Target) -> bool:
    # Minor-version compatibility does not cover PTX of a toolkit newer than the driver
    # (CUDA compatibility guide, "Limitations").
    toolkit = matrices.toolkit(minor(cuda))
    if toolkit is None or isinstance(toolkit.driver, NotKnown) or target.driver is None:
        return False
    return Version(target.driver) >= Version(toolkit.driver)


def hard_rules(matrices: Matrices, target: Target) -> dict[str, tuple[Rule, ...]]:
    """By package, the hard rules whose only condition is a version of it and that hold on the target."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in sorted(matrices.rules, key=lambda row: row.id):
        here = not rule.platforms or target.platform in rule.platforms
        here = here and SpecifierSet(rule.pythons).contains(target.python)
        if rule.severity == "error" and len(rule.when) == 1 and rule.needs and here:
            (name,) = rule.when
            found[name] = (*found.get(name, ()), rule)
    return found
