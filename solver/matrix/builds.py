"""What the rows say of a framework build: pure functions over matrix rows."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.model import Target
from solver.matrix.load import Matrices
from solver.matrix.rows import CudaToolkit, Rule, TensorflowBuild, TorchBuild


def major(version: str) -> int:
    """The first number of a dotted version."""
    return int(version.split(".", 1)[0])


def minor(version: str) -> str:
    """major.minor of a dotted version."""
    return ".".join(version.split(".")[:2])


def code_for(gpu: str, sm: tuple[str, ...] | None, ptx: tuple[str, ...] | None) -> str:
    """What a build has for compute capability ``gpu``: "native", "ptx", "none" or "unknown".

    Native code runs on the same major and a minor at least as high; PTX on anything newer
    (CUDA C++ programming guide, "Binary compatibility" and "PTX compatibility").
    """
    if sm is None:
        return "unknown"
    wanted = Version(gpu)
    if any(Version(have).major == wanted.major and Version(have) <= wanted for have in sm):
        return "native"
    return "ptx" if any(Version(have) <= wanted for have in ptx or ()) else "none"


def driver_refusal(toolkit: CudaToolkit, matrices: Matrices, target: Target) -> tuple[str, str, str] | None:
    """Why the target's driver cannot run ``toolkit``: (why, source, row id); None where it can."""
    if target.driver is None:
        return f"the target has no NVIDIA driver, CUDA {toolkit.cuda} needs one", toolkit.source, toolkit.id
    family = matrices.family(major(toolkit.cuda))
    if family is None:
        return f"no matrix row tells which driver CUDA {toolkit.cuda} needs", toolkit.source, toolkit.id
    needs = family.driver_windows if target.platform == "win-64" else family.driver
    if needs is None:
        return f"CUDA {family.major} has no driver for {target.platform}", family.source, family.id
    if Version(target.driver) < Version(needs):
        why = f"CUDA {family.major}.x needs a driver >= {needs} and the request promises only {target.driver}"
        return why, family.source, family.id
    return None


def gpu_refusal(build: TensorflowBuild | TorchBuild, matrices: Matrices, target: Target) -> str | None:
    """Why ``build`` does not serve every GPU of the target; None where it does."""
    for gpu in target.gpus if build.cuda else ():
        code = code_for(gpu, build.sm, build.ptx)
        if code == "none":
            return f"it has neither native code nor PTX for compute capability {gpu}"
        if code == "unknown":
            return f"nobody read which compute capabilities it has code for, so {gpu} is not assured"
        if code == "ptx" and build.cuda and not _compiles_ptx(build.cuda, matrices, target):
            return (
                f"it has only PTX for compute capability {gpu}, which a driver older than "
                f"CUDA {minor(build.cuda)}'s own ({target.driver}) does not compile"
            )
    return None


def _compiles_ptx(cuda: str, matrices: Matrices, target: Target) -> bool:
    # Minor-version compatibility does not cover PTX of a toolkit newer than the driver
    # (CUDA compatibility guide, "Limitations").
    toolkit = matrices.toolkit(minor(cuda))
    if toolkit is None or toolkit.driver is None or target.driver is None:
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
