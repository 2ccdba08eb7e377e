"""A profile as asks of conda: each one line of the request, with the MatchSpecs that it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.core.axes import is_of_kind
from solver.core.errors import BadInput
from solver.core.frameworks import preferred_first
from solver.core.markers import applies
from solver.core.model import REQUEST, CondaName, Framework, Profile
from solver.core.target import marker_environment
from solver.core.versions import as_version, minor, within
from solver.matrix.conda_builds import CPU_BUILDS, CUDA_BUILDS, cuda_builds, may_be_cuda
from solver.matrix.majors import majors
from solver.matrix.names import Names
from solver.solve.conda.channels import ChannelSolver
from solver.solve.conda.search import Branch
from solver.solve.conda.traps import (
    CUDA_VERSION,
    CUDATOOLKIT,
    CUDNN,
    PYTHON,
    CondaExclusion,
    admitted_cuda,
    conda_versions,
    excluded_cudnn,
)

PIP = CondaName("pip")


@dataclass(frozen=True)
class CondaAsk:
    """One thing that the request wants of conda."""

    text: str
    """In the request's own words."""
    key: str
    """The key of the request: python, cuda, torch, packages …"""
    specs: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    framework: CondaName | None = None
    """Which framework it asks for; None: it asks for something else."""
    minors: tuple[str, ...] = ()
    """The pythons (major.minor) that an ask for python names."""
    source: str = REQUEST

    @property
    def texts(self) -> tuple[str, ...]:
        """Its MatchSpecs, of what must be there and of what must hold."""
        return (*self.specs, *self.constraints)


@dataclass(frozen=True)
class CondaAsks:
    """All asks of one profile, and what the matrices took away beforehand."""

    asks: tuple[CondaAsk, ...]
    frameworks: tuple[CondaName, ...]
    """The preferred one first."""
    gpu: bool
    families: tuple[int, ...]
    """CUDA majors that the target admits, newest first; empty without a GPU."""
    known: tuple[int, ...]
    """CUDA majors that the channels have, newest first."""
    excluded: tuple[CondaExclusion, ...]
    left_out: tuple[CondaName, ...] = ()
    """Frameworks that were asked for at first."""
    any_driver: bool = False
    """Whether the ask for a CUDA was left out, and the target's driver with it."""

    def specs(self) -> list[str]:
        """What must be installed."""
        return [spec for ask in self.asks for spec in ask.specs]

    def constraints(self) -> list[str]:
        """What must hold of anything installed."""
        return [spec for ask in self.asks for spec in ask.constraints]

    def less(self, one: CondaAsk) -> CondaAsks:
        """The same without one ask, and without what came along with it."""
        return replace(
            self,
            asks=tuple(ask for ask in self.asks if ask is not one),
            frameworks=tuple(name for name in self.frameworks if name != one.framework),
            families=self.known if is_of_kind(one.key, "toolkit") else self.families,
            any_driver=self.any_driver or is_of_kind(one.key, "toolkit"),
            left_out=self.left_out if one.framework is None else (*self.left_out, one.framework),
        )

    def misses(self, packages: Mapping[CondaName, object]) -> bool:
        """Whether ``packages`` bring a framework that is no longer asked for."""
        return any(name in packages for name in self.left_out)

    def instead(self, one: CondaAsk, other: CondaAsk) -> CondaAsks:
        """The same with ``other`` in place of ``one``."""
        return replace(self, asks=tuple(other if ask is one else ask for ask in self.asks))


def conda_asks(profile: Profile, names: Names, solver: ChannelSolver) -> CondaAsks:
    """The asks of a ``conda`` profile; raises ``BadInput`` for a name or version that conda cannot have."""
    gpu = profile.cuda != "none" and profile.target.driver is not None
    frameworks = tuple(names.conda(word) for word in preferred_first(profile.frameworks, profile.prefer))
    python = _python(profile, solver)
    asks = [python]
    pythons = python.minors or tuple({minor(version) for version in _versions(solver, PYTHON)})
    asks += [
        _framework(profile, word, names, gpu and word not in profile.cpu_frameworks)
        for word in preferred_first(profile.frameworks, profile.prefer)
    ]
    excluded: list[CondaExclusion] = []
    families: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    if gpu:
        cuda, families, known, excluded = _cuda(profile, names, solver)
        asks.append(cuda)
    asks += [
        _constraint(profile, key, text, names)
        for key, text in sorted(profile.constraints.items())
        if key not in profile.frameworks
    ]
    asks += [
        _package(profile, text, names, solver, gpu) for text in profile.packages if _is_asked(profile, text, pythons)
    ]
    if solver.candidates(PIP):
        # conda brings pip wherever python is (add_pip_as_python_dependency), and the newest where nobody names one.
        asks.append(CondaAsk("pip", "packages", (PIP,)))
    asks += _conda_packages(profile)
    excluded += excluded_cudnn(_versions(solver, CUDNN), profile.target, names.matrices) if gpu else []
    unfit = tuple(f"cudnn !={each.version}" for each in excluded if each.package == CUDNN)
    if unfit:
        asks.append(CondaAsk(f"GPUs of compute capability {', '.join(profile.target.gpus)}", "gpu", (), unfit))
    return CondaAsks(tuple(asks), frameworks, gpu, families, known, tuple(excluded))


def base_asks(profile: Profile, python: str) -> list[CondaAsk]:
    """The asks for the base below a pip closure: python (major.minor), pip and the profile's conda packages."""
    base = [CondaAsk(f"python {python}", "python", (f"{PYTHON} {python}.*",)), CondaAsk("pip", "packages", (PIP,))]
    return base + _conda_packages(profile)


def _conda_packages(profile: Profile) -> list[CondaAsk]:
    return [CondaAsk(f"the conda package {text}", "conda-packages", (text,)) for text in profile.conda_packages]


def _python(profile: Profile, solver: ChannelSolver) -> CondaAsk:
    text = f"python {profile.python}".strip()
    if not profile.python:
        return CondaAsk(text, "python", (PYTHON,))
    # The request speaks of major.minor; conda compares all three numbers, so that
    # "<=3.12" would refuse 3.12.1. Hence the minors are named one by one.
    minors = sorted({minor(version) for version in _versions(solver, PYTHON)}, key=as_version)
    fit = [minor for minor in minors if within(minor, profile.python)]
    exact = re.fullmatch(r"==(\d+\.\d+)", profile.python)
    named = tuple(fit) or ((exact[1],) if exact else ())
    either = "|".join(f"{minor}.*" for minor in named) or "0"
    return CondaAsk(text, "python", (f"{PYTHON} {either}",), minors=named)


def _framework(profile: Profile, word: Framework, names: Names, gpu: bool) -> CondaAsk:
    name = names.conda(word)
    specifier = profile.constraints.get(word, "")
    build = CUDA_BUILDS if gpu else CPU_BUILDS
    version = _specified(profile, word, specifier) or "*"
    kind = "a CUDA build" if gpu else "a CPU build"
    return CondaAsk(f"{word} {specifier}".strip() + f" as {kind}", word, (f"{name} {version} {build}",), framework=name)


def _cuda(
    profile: Profile, names: Names, solver: ChannelSolver
) -> tuple[CondaAsk, tuple[int, ...], tuple[int, ...], list[CondaExclusion]]:
    known = {minor(version) for version in _versions(solver, CUDA_VERSION)}
    known |= {minor(version) for version in _versions(solver, CUDATOOLKIT)}
    newest_first = sorted(known, key=as_version, reverse=True)
    fit, excluded = admitted_cuda(newest_first, profile.cuda, profile.target, names.matrices)
    either = "|".join(f"{version}.*" for version in fit) or "0"
    said = f"CUDA {profile.cuda}".strip() + f" with driver {profile.target.driver}"
    ask = CondaAsk(said, "cuda", (), (f"{CUDA_VERSION} {either}", f"{CUDATOOLKIT} {either}"))
    return ask, majors(fit), majors(newest_first), excluded


def _constraint(profile: Profile, key: str, specifier: str, names: Names) -> CondaAsk:
    name = CUDNN if is_of_kind(key, "library") else names.conda(key)
    return CondaAsk(f"{key} {specifier}", key, (), (f"{name} {_specified(profile, key, specifier)}",))


def _package(profile: Profile, text: str, names: Names, solver: ChannelSolver, gpu: bool) -> CondaAsk:
    requirement = Requirement(text)
    requirement.marker = None
    name = names.conda(requirement.name)
    candidates = solver.candidates(name)
    if not candidates and not solver.source.partial:
        raise BadInput(
            f"no channel of {', '.join(profile.channels)} has a package called {name}",
            key=f"{profile.name}.packages: {canonicalize_name(requirement.name)}",
            fix="add a row to matrices/names.yaml where conda calls it otherwise, or leave it out by `without:`",
        )
    version = _specified(profile, requirement.name, str(requirement.specifier)) or "*"
    # What can have CUDA code must have it, or an import would load a second, CPU-only library.
    build = f" {CUDA_BUILDS}" if gpu and any(may_be_cuda(str(record.build)) for record in candidates) else ""
    return CondaAsk(f"the package {requirement}", "packages", (f"{name} {version}{build}",))


def _is_asked(profile: Profile, text: str, pythons: Sequence[str]) -> bool:
    """Whether a package is asked for on the target; raises ``BadInput`` where that depends on which python comes."""
    requirement = Requirement(text)
    targets = [msgspec.structs.replace(profile.target, python=python) for python in pythons] or [profile.target]
    answers = {applies(requirement.marker, marker_environment(target)) for target in targets}
    if len(answers) > 1:
        raise BadInput(
            f"whether {requirement.name} is asked for depends on the python, which is open",
            key=f"{profile.name}.packages: {canonicalize_name(requirement.name)}",
            fix='write python: "3.12", say, in the profile, or leave the marker out',
        )
    return answers.pop()


def _specified(profile: Profile, key: str, specifier: str) -> str:
    try:
        return conda_versions(specifier)
    except ValueError as error:
        raise BadInput(str(error), key=f"{profile.name}.{key}", fix="leave the part after + out") from None


def _versions(solver: ChannelSolver, name: CondaName) -> list[str]:
    return list(dict.fromkeys(str(record.version) for record in solver.candidates(name)))


def branches(asks: CondaAsks) -> list[Branch]:
    """One branch a CUDA major, in which nothing of another major is left to choose."""
    specs, constraints = asks.specs(), asks.constraints()
    if not asks.gpu:
        return [Branch(tuple(specs), tuple(constraints))]
    return [
        Branch(
            (*specs, *(f"{name} * {cuda_builds(major)}" for name in asks.frameworks)),
            (*constraints, f"{CUDA_VERSION} {major}.*", f"{CUDATOOLKIT} {major}.*"),
        )
        for major in asks.families
    ]
