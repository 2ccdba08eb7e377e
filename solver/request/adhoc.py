"""Requests from the command line: ``-c 'torch>=2.7' -c python==3.12`` on a profile or on their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from solver.core.axes import axes_of
from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import INDEXES
from solver.core.model import Profile


def ad_hoc(constraints: Sequence[str]) -> Profile:
    """A profile of its own: both frameworks unless only one is named, every index allowed."""
    named = {canonicalize_name(_parse(text).name) for text in constraints}
    frameworks = tuple(name for name in FRAMEWORKS if name in named) or tuple(FRAMEWORKS)
    profile = Profile(name="ad hoc", frameworks=frameworks, indexes=tuple(INDEXES))
    return constrained(profile, constraints)


def constrained(profile: Profile, constraints: Sequence[str]) -> Profile:
    """``profile`` with further constraints; raises ``BadInput`` naming the one that cannot be used."""
    for text in constraints:
        requirement = _parse(text)
        name, specifier = canonicalize_name(requirement.name), str(requirement.specifier).replace(_NONE, "none")
        if name in ("gpu", "driver"):
            profile = _target(profile, name, specifier, text)
        elif name == "cuda":
            profile = msgspec.structs.replace(profile, cuda=_cuda(specifier, text))
        elif name == "python":
            profile = msgspec.structs.replace(profile, python=specifier)
        else:
            both = ",".join(part for part in (profile.constraints.get(name), specifier) if part)
            profile = msgspec.structs.replace(profile, constraints={**profile.constraints, name: both})
            if name in FRAMEWORKS:
                _check_framework(profile, requirement, text)
            elif name not in axes_of("library", "package"):
                profile = _with_package(profile, requirement)
    return profile


def _check_framework(profile: Profile, requirement: Requirement, text: str) -> None:
    if requirement.extras:
        problem = f"{text!r} names an extra; CUDA libraries are chosen from the matrices"
        raise BadInput(problem, key="-c", fix=f"write {requirement.name}{requirement.specifier}")
    if requirement.name not in profile.frameworks:
        raise BadInput(f"{profile.name} has no {requirement.name}", key="-c", fix="name another profile, or none")


def _with_package(profile: Profile, requirement: Requirement) -> Profile:
    """A constraint on a package that nobody mentioned asks for the package, and for the extras that it names."""
    name = canonicalize_name(requirement.name)
    package = f"{name}[{','.join(sorted(requirement.extras))}]" if requirement.extras else name
    if not requirement.extras and any(canonicalize_name(Requirement(text).name) == name for text in profile.packages):
        return profile
    return msgspec.structs.replace(profile, packages=(*profile.packages, package))


def _target(profile: Profile, name: str, specifier: str, text: str) -> Profile:
    value = specifier.lstrip("=>")
    form, example = (r"\d{1,2}\.\d", "gpu==9.0") if name == "gpu" else (r"\d{3,4}(\.\d+){0,2}", "driver>=550")
    if not re.fullmatch(form, value):
        raise BadInput(f"{text!r} is no constraint on {name}", key="-c", fix=f"write it like {example}")
    changed = {"gpus": (*profile.target.gpus, value)} if name == "gpu" else {"driver": value}
    return msgspec.structs.replace(profile, target=msgspec.structs.replace(profile.target, **changed))


def _cuda(specifier: str, text: str) -> str:
    if specifier == "==none":
        return "none"
    if not specifier or not all(re.fullmatch(r"\d+\.(\d+|\*)", part.version) for part in SpecifierSet(specifier)):
        raise BadInput(f"{text!r} is no constraint on cuda", key="-c", fix="write it like cuda==12.8 or cuda==13.*")
    return specifier


_NONE = "0+none"
"""Stands in for "none", which is no version."""


def _parse(text: str) -> Requirement:
    spelled = text.replace("==none", f"=={_NONE}") if text.startswith("cuda") else text
    try:
        requirement = Requirement(spelled)
    except InvalidRequirement:
        raise BadInput(f"{text!r} is no constraint", key="-c", fix="write it like torch>=2.7 or python==3.12") from None
    if any(not clause.version for clause in requirement.specifier):
        raise BadInput(f"{text!r} names no version", key="-c", fix="write it like torch>=2.7 or python==3.12")
    if requirement.url or requirement.marker:
        raise BadInput(f"{text!r} is more than a constraint", key="-c", fix="leave out address and marker")
    return requirement
