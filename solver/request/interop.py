"""Profiles that cross from one framework to the other: what joins their solution."""

from __future__ import annotations

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.core.model import Framework, Profile
from solver.matrix.load import Matrices

BETWEEN: tuple[Framework, ...] = ("tensorflow", "torch")
"""The frameworks between which the packages of the interop rows lead."""


def with_interop(profile: Profile, matrices: Matrices) -> Profile:
    """``profile`` with the packages of the interop rows, if it asks for them and has both frameworks.

    A package that the profile names itself keeps the bounds that it was given there.
    """
    if not profile.interop or not set(BETWEEN) <= set(profile.frameworks):
        return profile
    named = {canonicalize_name(Requirement(text).name) for text in profile.packages}
    joining = [
        text
        for row in matrices.interop
        for text in row.packages
        if canonicalize_name(Requirement(text).name) not in named
    ]
    return msgspec.structs.replace(profile, packages=(*profile.packages, *joining))
