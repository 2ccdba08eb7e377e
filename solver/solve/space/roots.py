"""What a profile itself asks for, as asks over what may be chosen."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.axes import AXES, axes_of, is_of_kind
from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.markers import requirements_on
from solver.core.model import Framework, Profile
from solver.core.versions import as_specifier, within
from solver.matrix.builds import framework_pythons
from solver.matrix.load import Matrices
from solver.solve.space.candidates import Candidates
from solver.solve.space.inside import asks_of_inside
from solver.solve.space.plugins import plugin_ask
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, AXIS_PYTHON, Ask, Kind, axis_ident, guard


def bringer_of(framework: Framework, profile: Profile, matrices: Matrices) -> str:
    """The distribution that brings a framework: that of CPU builds where those are asked for and it exists."""
    entry = FRAMEWORKS[framework]
    on_cpu = profile.cuda == "none" or framework in profile.cpu_frameworks
    rows = matrices.builds_of(entry.cpu) if on_cpu and entry.cpu is not None else ()
    there = next((row.package for row in rows if row.platform == profile.target.platform), None)
    return there or entry.distributions[0]


def framework_idents(profile: Profile, matrices: Matrices) -> tuple[str, ...]:
    """The distributions of the wanted frameworks, the preferred one first."""
    return tuple(bringer_of(name, profile, matrices) for name in preferred_first(profile.frameworks, profile.prefer))


def preference(profile: Profile, matrices: Matrices) -> tuple[str, ...]:
    """Identifiers in the order in which the solution is made best."""
    return (*framework_idents(profile, matrices), AXIS_PYTHON, AXIS_CUDA, AXIS_CUDNN, *axes_of("package"))


def root_asks(choices: Candidates, profile: Profile) -> list[Ask]:
    """The request's own asks, in the order in which a person would name them."""
    source = f"profile {profile.name}"
    asks = [Ask(AXIS_PYTHON, 1, f"python {choices.target.python}", source)]
    for framework in preferred_first(profile.frameworks, profile.prefer):
        ident = bringer_of(framework, profile, choices.matrices)
        asks.append(choices.ask(ident, profile.constraints.get(framework, ""), source))
        if FRAMEWORKS[framework].plugins and not choices.scope.wants_cpu(framework):
            asks.append(plugin_ask(framework, source))
    asks += _cuda_asks(choices, profile, source)
    for requirement in requirements_on(profile.packages, choices.scope.environment):
        asks += choices.requirement_asks(_constrained(requirement, profile), source, strict=True)
    asks += _constraints(choices, profile, source)
    return asks


def _constrained(requirement: Requirement, profile: Profile) -> Requirement:
    """What is asked of a package, whose extras are of no other version than its constraint admits."""
    if requirement.extras:
        requirement.specifier &= as_specifier(profile.constraints.get(canonicalize_name(requirement.name), ""))
    return requirement


def _cuda_asks(choices: Candidates, profile: Profile, source: str) -> Iterator[Ask]:
    specifier = profile.cuda
    if specifier == "none":
        yield Ask(AXIS_CUDA, 1, "no CUDA", source, kind=Kind.NONE_OF)
    elif specifier:
        yield Ask(AXIS_CUDA, choices.mask(AXIS_CUDA, specifier), f"CUDA {specifier}", source, specifier=specifier)
        yield from asks_of_inside(choices, "cuda", specifier, source)
    elif profile.frameworks:
        everything = choices.mask_where(AXIS_CUDA, lambda _: True)
        driver = choices.target.driver or "none"
        yield Ask(AXIS_CUDA, everything, f"a CUDA for driver {driver}", source)


def _constraints(choices: Candidates, profile: Profile, source: str) -> Iterator[Ask]:
    for name, specifier in sorted(profile.constraints.items()):
        if is_of_kind(name, "framework", "python", "toolkit"):
            continue
        if name in axes_of("library"):
            # It brings none: where there is no distribution of it, only what lies inside wheels has to be such.
            ident, text = axis_ident(name), f"{AXES[name].title} {specifier}"
            mask = 1 | choices.mask(ident, specifier) << 1
            yield Ask(guard(ident), mask, text, source, specifier=specifier)
            yield from asks_of_inside(choices, name, specifier, source)
        else:
            yield choices.guard_ask(name, specifier, source)


def admitted_pythons(profile: Profile, matrices: Matrices) -> list[str]:
    """Python versions (major.minor) that the profile admits and a framework row names, newest first."""
    known = framework_pythons(matrices)
    return sorted((python for python in known if within(python, profile.python)), key=Version, reverse=True)
