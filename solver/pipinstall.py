"""Install a pip lock into a fresh venv: hashed, and from a folder alone where one is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from solver.errors import BadInput, CheckFailed

LAST = 15
"""Lines of an installer's complaint that are told."""


def find_python(minor: str) -> Path:
    """An interpreter of ``minor`` ("3.12"): the one that runs this, or one of the path; never a venv's own.

    Raises ``BadInput`` where there is none.
    """
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == minor:
        return Path(getattr(sys, "_base_executable", sys.executable))
    found = shutil.which(f"python{minor}")
    if found is None:
        raise BadInput(f"there is no python {minor} on this machine", fix="install one, or carry one with --python")
    return Path(found)


def find_uv() -> str:
    """The ``uv`` beside this python, or of the path; raises ``BadInput`` where there is none."""
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        raise BadInput("locks are installed with uv, and there is none on this machine", fix="install it with pip")
    return found


def install_pip_lock(lock: Path, prefix: Path, *, python: Path, wheels: Path | None = None) -> Path:
    """Make a venv of ``python`` at ``prefix`` and install requirements.txt of ``lock`` into it.

    Every file is checked against its hash. With ``wheels`` nothing but that folder and the lock's own
    wheels is looked at. Returns the environment's python; raises ``CheckFailed`` with what uv said.
    """
    uv = find_uv()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    environment.pop("VIRTUAL_ENV", None)
    _run([uv, "--no-config", "venv", "--quiet", "--python", str(python), str(prefix)], environment)
    made = prefix / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [uv, "--no-config", "pip", "install", "--quiet", "--python", str(made), "--require-hashes"]
    if wheels is not None:
        command += ["--offline", "--no-index", "--find-links", str(wheels)]
    _run([*command, "--requirement", str(lock / "requirements.txt")], environment)
    return made


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-LAST:])
        raise CheckFailed(f"{' '.join(command[2:4])} left with exit status {done.returncode}: {said}")
