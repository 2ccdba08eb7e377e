"""What a profile itself asks for, as asks over what may be chosen."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.model import Profile
from solver.matrix.builds import pythons
from solver.matrix.load import Matrices
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, AXIS_PYTHON, Ask

PACKAGE_AXES = ("protobuf", "numpy")


def tensorflow_distribution(profile: Profile, matrices: Matrices) -> str:
    """The distribution that brings TensorFlow: the CPU one where CPU builds are asked for and it exists."""
    there = any(row.platform == profile.target.platform for row in matrices.builds_of("tensorflow-cpu"))
    return "tensorflow-cpu" if profile.cuda == "none" and there else "tensorflow"


def framework_idents(profile: Profile, matrices: Matrices) -> tuple[str, ...]:
    """The distributions of the wanted frameworks, the preferred one first."""
    ordered = sorted(profile.frameworks, key=lambda framework: (framework != profile.prefer, framework != "torch"))
    return tuple("torch" if name == "torch" else tensorflow_distribution(profile, matrices) for name in ordered)


def preference(profile: Profile, matrices: Matrices) -> tuple[str, ...]:
    """Identifiers in the order in which the solution is made best."""
    return (*framework_idents(profile, matrices), AXIS_PYTHON, AXIS_CUDA, AXIS_CUDNN, *PACKAGE_AXES)


def root_asks(choices: Candidates, profile: Profile) -> list[Ask]:
    """The request's own asks, in the order in which a person would name them."""
    source = f"profile {profile.name}"
    asks = [Ask(AXIS_PYTHON, 1, f"python {choices.target.python}", source)]
    for ident in framework_idents(profile, choices.matrices):
        framework = "torch" if ident == "torch" else "tensorflow"
        specifier = profile.constraints.get(framework, "")
        asks.append(Ask(ident, choices.mask(ident, specifier), f"{ident}{specifier}", source))
    asks += _cuda_asks(choices, profile, source)
    for text in profile.packages:
        asks += choices.requirement_asks(Requirement(text), source)
    asks += _constraints(choices, profile, source)
    return asks


def _cuda_asks(choices: Candidates, profile: Profile, source: str) -> Iterator[Ask]:
    wanted = profile.cuda
    if wanted == "none":
        yield Ask(AXIS_CUDA, 1, "no CUDA", source)
    elif wanted:
        yield Ask(AXIS_CUDA, choices.mask(AXIS_CUDA, wanted), f"CUDA {wanted}", source)
    elif profile.frameworks:
        everything = choices.mask_where(AXIS_CUDA, lambda _: True)
        driver = choices.target.driver or "none"
        yield Ask(AXIS_CUDA, everything, f"a CUDA for driver {driver}", source)


def _constraints(choices: Candidates, profile: Profile, source: str) -> Iterator[Ask]:
    for name, specifier in sorted(profile.constraints.items()):
        if name in ("torch", "tensorflow", "python", "cuda"):
            continue
        if name == "cudnn":
            yield Ask(AXIS_CUDNN, choices.mask(AXIS_CUDNN, specifier), f"cuDNN {specifier}", source)
        else:
            yield choices.guard_ask(name, specifier, source)


def admitted_pythons(profile: Profile, matrices: Matrices) -> list[str]:
    """Python versions (major.minor) that the profile admits and a framework row names, newest first."""
    known = pythons(matrices)
    wanted = SpecifierSet(profile.python)
    return sorted((python for python in known if wanted.contains(python)), key=Version, reverse=True)
