"""Requests from the command line: ``-c 'torch>=2.7' -c python==3.12`` on a profile or on their own."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from solver.errors import BadInput
from solver.model import Framework, Profile

FRAMEWORKS: tuple[Framework, ...] = ("tensorflow", "torch")


def ad_hoc(constraints: Sequence[str]) -> Profile:
    """A profile of its own: both frameworks unless only one is named, every index allowed."""
    named = {_parse(text)[0] for text in constraints}
    frameworks = tuple(name for name in FRAMEWORKS if name in named) or FRAMEWORKS
    profile = Profile(name="ad hoc", frameworks=frameworks, indexes=("default", "pytorch"))
    return constrained(profile, constraints)


def constrained(profile: Profile, constraints: Sequence[str]) -> Profile:
    """``profile`` with further constraints; raises ``BadInput`` naming the one that cannot be read."""
    for text in constraints:
        name, specifier = _parse(text)
        if name in ("gpu", "driver"):
            profile = _target(profile, name, specifier, text)
        elif name in ("python", "cuda"):
            profile = msgspec.structs.replace(profile, **{name: specifier.replace("==none", "none")})
        else:
            both = ",".join(part for part in (profile.constraints.get(name), specifier) if part)
            profile = msgspec.structs.replace(profile, constraints={**profile.constraints, name: both})
            if name not in FRAMEWORKS and name not in ("cudnn", "protobuf", "numpy"):
                profile = _with_package(profile, name)
    return profile


def _with_package(profile: Profile, name: str) -> Profile:
    """A constraint on a package that nobody mentioned asks for the package."""
    if any(canonicalize_name(Requirement(text).name) == name for text in profile.packages):
        return profile
    return msgspec.structs.replace(profile, packages=(*profile.packages, name))


def _target(profile: Profile, name: str, specifier: str, text: str) -> Profile:
    value = specifier.lstrip("=>")
    if not value or not value.replace(".", "").isdigit():
        example = "gpu==9.0" if name == "gpu" else "driver>=550"
        raise BadInput(f"{text!r} is no constraint on {name}", key="-c", fix=f"write it like {example}")
    changed = {"gpus": (*profile.target.gpus, value)} if name == "gpu" else {"driver": value}
    return msgspec.structs.replace(profile, target=msgspec.structs.replace(profile.target, **changed))


def _parse(text: str) -> tuple[str, str]:
    spelled = text.replace("==none", "==0+none")
    try:
        requirement = Requirement(spelled)
    except InvalidRequirement:
        raise BadInput(f"{text!r} is no constraint", key="-c", fix="write it like torch>=2.7 or python==3.12") from None
    return canonicalize_name(requirement.name), str(requirement.specifier).replace("0+none", "none")
