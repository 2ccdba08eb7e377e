"""What ``pip check`` says of an installed environment, as values."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from solver.core.errors import CheckFailed
from solver.core.model import PypiName, pypi_name
from solver.core.programs import uv_here

# Neither tool writes its check as data, and the check is theirs to make: to compute it from metadata here would compare
# our reading with our reading. So their one sentence is read; what has another form is a complaint about no package,
# which nothing excuses.
_PIP = re.compile(r"\S+ \S+ (?:has requirement|requires) (?P<needs>.+), (?:but you have .*|which is not installed\.)")
_UV = re.compile(r"The package `[^`]+` requires `(?P<needs>[^`]+)`, but .*")


@dataclass(frozen=True)
class Complaint:
    """One line of ``pip check``."""

    line: str
    needs: PypiName | None
    """The package that is missing or does not fit; None where the line is of another form."""


def complaint(line: str) -> Complaint:
    """A line of pip's or uv's in the form in which they complain of one requirement."""
    for form in (_PIP, _UV):
        match = form.fullmatch(line.strip())
        if match is not None:
            try:
                return Complaint(line, pypi_name(Requirement(match["needs"]).name))
            except InvalidRequirement:
                break
    return Complaint(line, None)


def pip_check(python: Path) -> tuple[Complaint, ...]:
    """Complaints of ``pip check`` (``uv pip check`` where the environment holds no pip)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    command = [str(python), "-I", "-m", "pip", "--isolated", "check"]
    has_pip = subprocess.run([str(python), "-I", "-c", "import pip"], capture_output=True).returncode == 0
    if not has_pip:
        uv = uv_here()
        if uv is None:
            raise CheckFailed("the environment holds no pip and there is no uv to check it with")
        command = [uv, "--no-config", "pip", "check", "--python", str(python)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode == 0:
        return ()
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    # uv tells around its complaints what it looked at and how many it found.
    complaints = tuple(complaint(line) for line in lines if has_pip or line.startswith("The package "))
    return complaints or (Complaint(f"pip check left with exit status {done.returncode}", None),)
