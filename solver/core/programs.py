"""Programs of this machine that Interlock starts: uv, and pythons of a version."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from solver.core.errors import BadInput

_STARTER = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")
"""
"""Asks the system to end this process with its parent (PR_SET_PDEATHSIG of prctl(2), which outlasts an exec), unless
that ended before; then becomes the program. Python's own ``preexec_fn`` may not run where there are threads."""

_OF_THE_SYSTEM = re.compile(r"(?:\(os error |\[Errno |\bOs \{ code: )([0-9]{1,4})\b")
"""How Rust's and python's programs tell which call of the system failed."""
_OF_THE_MACHINE = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)
)
"""What is wrong with a disk or with what this user may have, whatever was asked for."""


def failure_of_machine(program: str, said: str, code: int = 0) -> OSError | None:
    """The error of this machine of which ``program`` tells; None where it tells of something else.

    ``code``: what it left with; a negative number is that of the signal which ended it.
    """
    if code < 0:
        return OSError(f"{program} was ended by the signal {signal.Signals(-code).name}")
    numbers = (int(number) for number in _OF_THE_SYSTEM.findall(said))
    number = next((number for number in numbers if number in _OF_THE_MACHINE), None)
    return None if number is None else OSError(number, f"{program} could not work: {os.strerror(number)}")


def ending_with_us(command: Sequence[str | Path]) -> list[str | Path]:
    """``command`` so that its process is killed where this one is: what nobody waits for would go on writing.

    Linux alone has that; elsewhere it is the command as it was.
    """
    if sys.platform != "linux" or not sys.executable:
        return [*command]
    return [sys.executable, "-I", "-S", "-c", _STARTER, str(os.getpid()), *command]


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
