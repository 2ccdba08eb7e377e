"""What the activation of an environment adds to variables for our loader: the folders of LD_LIBRARY_PATH, XLA's data.

The loader's plan in site-packages says so. The scripts of ``solver/lock/loader`` do the same in a user's shell;
this is for whoever starts a python without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

import msgspec

from solver.core.errors import BadInput
from solver.core.reading import read_bytes

PLAN_FILE = "_interlock_loader.json"
"""Name of the plan in site-packages."""
_XLA = "--xla_gpu_cuda_data_dir="


class Preload(msgspec.Struct, frozen=True):
    """One CUDA library that TensorFlow is led to."""

    library: str
    """Its short name."""
    directory: str = ""
    """Its folder below site-packages."""


class LoaderPlan(msgspec.Struct, frozen=True):
    """What our loader in an environment does."""

    preload: tuple[Preload, ...]
    activation: bool = False
    """True: the activation of the environment names the folders; False: our hook in python loads the libraries."""
    xla: str | None = None
    """The folder below site-packages of ptxas and libdevice; None: they are not there."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders below site-packages, each once, in the order of the libraries."""
        return tuple(dict.fromkeys(one.directory for one in self.preload))


def plan_of(content: bytes) -> LoaderPlan | None:
    """The plan that ``content`` is; None where it is none."""
    try:
        return msgspec.json.decode(content, type=LoaderPlan)
    except (msgspec.MsgspecError, RecursionError):
        return None


def plan_in(site: Path) -> LoaderPlan | None:
    """The plan in a site-packages folder; None where there is none that can be read."""
    path = site / PLAN_FILE
    try:
        return plan_of(read_bytes(path)) if path.is_file() else None
    except BadInput:
        return None


def activated(plan: LoaderPlan | None, site: PurePath, environ: Mapping[str, str]) -> dict[str, str]:
    """What activation sets in ``environ``; empty where there is no loader, or it needs no activation."""
    if plan is None or not plan.activation:
        return {}
    folders = [str(site / folder) for folder in plan.folders]
    before = environ.get("LD_LIBRARY_PATH")
    path = ":".join([*folders, *([before] if before else [])])
    variables = {"LD_LIBRARY_PATH": path} if folders else {}
    flags = environ.get("XLA_FLAGS", "").strip()
    # A value without "-" names a file of flags.
    if plan.xla is not None and _XLA not in flags and (not flags or flags.startswith("-")):
        variables["XLA_FLAGS"] = f'{flags} {_XLA}"{site / plan.xla}"'.strip()
    return variables
