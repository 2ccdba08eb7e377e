"""The axes: what solutions are told and preferred by, each told once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Axis, CondaName

AxisKind = Literal["python", "toolkit", "library", "framework", "package"]
"""What an axis is: python itself, the CUDA runtime, one of its libraries, a framework, or a plain package."""


CUDA: Axis = "cuda"
"""The axis of the CUDA runtime: a set without one is for the CPU."""


@dataclass(frozen=True)
class AxisEntry:
    """One axis."""

    name: Axis
    """As requests, locks and the command line write it."""
    kind: AxisKind
    title: str
    """As a sentence calls it."""
    conda: tuple[CondaName, ...]
    """The packages of conda of which the first that is there tells its version."""


AXES: Mapping[Axis, AxisEntry] = {
    entry.name: entry
    for entry in (
        AxisEntry("python", "python", "python", (CondaName("python"),)),
        AxisEntry(CUDA, "toolkit", "CUDA", (CondaName("cuda-version"), CondaName("cudatoolkit"))),
        AxisEntry("cudnn", "library", "cuDNN", (CondaName("cudnn"),)),
        *(AxisEntry(one.name, "framework", one.title, (one.conda,)) for one in FRAMEWORKS.values()),
        AxisEntry("protobuf", "package", "protobuf", (CondaName("protobuf"), CondaName("libprotobuf"))),
        AxisEntry("numpy", "package", "numpy", (CondaName("numpy"),)),
    )
}
"""In the order in which a lock tells them."""


def is_of_kind(name: str, *kinds: AxisKind) -> bool:
    """Whether ``name`` is an axis of one of some kinds."""
    return name in axes_of(*kinds)


def axes_of(*kinds: AxisKind) -> tuple[Axis, ...]:
    """The axes of some kinds, in the order of ``kinds``."""
    return tuple(entry.name for kind in kinds for entry in AXES.values() if entry.kind == kind)
