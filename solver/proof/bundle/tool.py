"""Interlock itself and what it needs to run, as wheels for several pythons."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import solver
from solver.core import names
from solver.core.errors import IndexUnavailable
from solver.core.lines import LockedPin, read_pins
from solver.core.programs import failure_of_machine
from solver.core.scratch import scratch_folder
from solver.core.wheelfile import pack_wheel

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The pythons that a GPU machine may have for interlock; locks may need others."""
BESIDES = ("uv", "pip")
"""Brought along: the installer and ``pip check`` use them."""

# What of uv's environment says how a network is reached; the rest would have a say in what is chosen.
_TRANSPORT = ("UV_CACHE_DIR", "UV_HTTP_TIMEOUT", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS")
_PLATFORM = "x86_64-manylinux_2_28"  # what a plain ``Target`` is, as uv calls it
_LAST_LINES = 15


def interlock_wheel(matrices: Path) -> tuple[str, bytes]:
    """Interlock as it runs here with its ``matrices``, as (file name, wheel).

    Made from the running code, so that what is proved is what is carried, and no build tool is needed.
    """
    package = Path(solver.__file__).parent
    files = {f"solver/{name}": content for name, content in _files(package) if not _left_out(name)}
    files |= {f"solver/_matrices/{name}": content for name, content in _files(matrices)}
    info = {
        "METADATA": (metadata.distribution("interlock").read_text("METADATA") or "").encode(),
        "entry_points.txt": b"[console_scripts]\ninterlock = solver.__main__:main\n",
    }
    return pack_wheel(f"interlock-{solver.__version__}", files, info)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _left_out(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "_matrices" or any(part.startswith((".", "__pyc")) for part in parts)


def own_requirements() -> tuple[str, ...]:
    """What the running interlock declares that it needs, and what a GPU machine needs besides."""
    return (*(metadata.distribution("interlock").requires or ()), *BESIDES)


def resolved(requirements: Sequence[str], python: str, *, uv: str, index: str | None = None) -> tuple[LockedPin, ...]:
    """The newest wheels for ``Target(python=python)`` that meet ``requirements``, as the program ``uv`` resolves them.

    ``index`` is the address of another default index than uv's own. Raises ``IndexUnavailable`` with
    what uv says where there is no such set, or the index does not answer.
    """
    command = [uv, "pip", "compile", "-", "--no-config", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--only-binary", ":all:", "--python", sys.executable, "--no-python-downloads"]
    command += ["--python-version", python, "--python-platform", _PLATFORM]
    done = subprocess.run(
        command, input="\n".join(requirements), capture_output=True, text=True, env=_environment(os.environ, index)
    )
    if done.returncode != 0:
        if failure := failure_of_machine("uv", done.stderr, done.returncode):
            raise failure
        said = done.stderr if index is None else done.stderr.replace(index, names.public_address(index))
        lines = "\n".join(said.strip().splitlines()[-_LAST_LINES:]) or f"nothing (exit status {done.returncode})"
        raise IndexUnavailable(f"there is no set of wheels for interlock on python {python}, uv says: {lines}")
    with scratch_folder() as folder:
        file = folder / "requirements.txt"
        file.write_text(done.stdout, encoding="utf-8")
        return read_pins(file)


def _environment(environ: Mapping[str, str], index: str | None) -> dict[str, str]:
    own = {
        name: value
        for name, value in environ.items()
        if name in _TRANSPORT or not name.startswith(("UV_", "PIP_", "PYTHON"))
    }
    return own if index is None else {**own, "UV_DEFAULT_INDEX": index}
