"""Environments that hold stand-ins for torch, tensorflow and numpy (see tests/standins/README.md)."""

from __future__ import annotations

import functools
import json
import shutil
import sysconfig
import venv
from pathlib import Path

from paths import STANDINS

from solver.core.machine import Gpu, Machine

FRAMEWORKS = {"torch": "2.10.0", "tensorflow": "2.21.0"}
CLAIMED = Machine(
    driver="580.159.04",
    gpus=(Gpu(name="Stand-in GPU", uuid="0" * 64, capability="9.0", memory=150 * 10**9),),
)
"""A machine that claims the GPU which the stand-ins claim."""


@functools.cache
def _layout() -> str:
    return f"lib/python{sysconfig.get_python_version()}/site-packages"


def make_environment(prefix: Path, behaviour: dict[str, object] | None = None) -> Path:
    """A fresh environment without pip, holding the stand-ins; returns its python."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(prefix)
    site = prefix / _layout()
    shutil.copytree(STANDINS, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "behaviour.json").write_text(json.dumps(behaviour or {}))
    return prefix / "bin" / "python"
