"""Programs of this machine that Interlock starts: uv, and pythons of a version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from solver.core.errors import BadInput


def uv_here() -> str | None:
    """The ``uv`` beside this python, or of the path; None where there is none."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def find_python(minor: str) -> Path:
    """An interpreter of ``minor`` ("3.12"): the one that runs this, or one of the path; never a venv's own.

    Raises ``BadInput`` where there is none.
    """
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == minor:
        return Path(getattr(sys, "_base_executable", sys.executable))
    for folder in os.get_exec_path():
        program = shutil.which(f"python{minor}", path=folder)
        # A version manager's stand-in may be there and start nothing.
        if program is not None and minor_of(program) == minor:
            return Path(program)
    raise BadInput(f"there is no python {minor} on this machine", fix="install one, or carry one with --python")


def minor_of(python: str | Path) -> str | None:
    """The version ("3.12") of an interpreter, which is started for it; None where it does not start."""
    command = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        version = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return None
    return version or None
