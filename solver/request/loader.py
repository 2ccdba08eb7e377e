"""``loader:`` of a profile, and ``--no-loader`` in its place: what goes with each way, refused where it does not."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS, WHEEL_FLAVOUR
from solver.core.model import Flavour, GpuSharing, LoaderWay, Platform, Profile

OPTION = "--no-loader"
_BY_MODULE = ("torch_fraction", "tensorflow_limit_mb", "cudnn_benchmark", "mixed_precision")
"""What of ``gpu_sharing`` no variable can set: our module does, which lies in the loader wheel."""


def module_keys(sharing: GpuSharing) -> Iterator[str]:
    """The keys of ``sharing`` that only our module in the environment could set."""
    return (key for key in _BY_MODULE if getattr(sharing, key) is not None)


def check_way(way: LoaderWay, flavour: Flavour, platform: Platform) -> None:
    """Raises ``BadInput``, which names no place, for a profile whose environments are not activated by conda."""
    if way != "activation":
        return
    if not (FLAVOURS[flavour].from_pip and FLAVOURS[flavour].conda):
        fix = f"use flavour: {WHEEL_FLAVOUR}, or drop this key"
        raise BadInput(f"needs a conda environment with a pip half, which flavour: {flavour} does not make", fix=fix)
    if not platform.startswith("linux"):
        raise BadInput(f"contradicts platform: {platform}, which has no LD_LIBRARY_PATH", fix="drop it")


def without_loader(profile: Profile) -> Profile:
    """``profile`` as if it said ``loader: none``; raises ``BadInput`` where it asks for what comes by the loader."""
    for key in () if profile.gpu_sharing is None else module_keys(profile.gpu_sharing):
        problem = f"{profile.name} has gpu_sharing.{key}, which needs a module that comes with the loader"
        raise BadInput(problem, key=OPTION, fix="leave it out, or drop that key")
    return replace(profile, loader="none")
