"""The pip half of an installation: a hashed requirements file, by uv or by pip, from the network or a folder."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.errors import BadInput, CheckFailed, IndexUnavailable
from solver.core.writers import LOCAL_WHEELS, requirement_line

Installer = Literal["uv", "pip"]
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?!\S)")
_LAST_LINES = 15
_AGAIN = "make the lock again with `interlock lock`"


@dataclass(frozen=True)
class Wanted:
    """One requirement of the lock."""

    name: str
    text: str
    """The requirement without its hashes."""
    hashes: frozenset[str]


def find_uv() -> str:
    """The ``uv`` beside this python, or of the path; raises ``BadInput`` where there is none."""
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        raise BadInput("there is no uv on this machine", key="--installer", fix="install it, or choose pip")
    return found


def read_requirements(path: Path) -> list[Wanted]:
    """The hashed requirements of a lock; raises ``BadInput`` with the line that has no hash."""
    return [wanted for _, line in _logical(path) if (wanted := _wanted(path, line)) is not None]


def install_pip_half(
    requirements: Path,
    python: Path,
    work: Path,
    *,
    installer: Installer,
    folder: Path | None,
    environ: Mapping[str, str],
) -> None:
    """Install ``requirements`` into the environment of ``python``, every file against its hash.

    With ``folder`` nothing but it and the lock's own wheels is looked at; the
    wheels are verified before the installer starts. ``work`` is an existing
    folder for temporary files. Raises ``CheckFailed`` with what the installer said.
    """
    command = _command(installer, python)
    if folder is not None:
        requirements, options = _from_folder(requirements, folder, work)
        command += [*_offline(installer), "--find-links", str(folder), *options]
    _run([*command, "--requirement", str(requirements)], _environment(environ, python, folder is not None))


def _command(installer: Installer, python: Path) -> list[str]:
    if installer == "uv":
        start = [find_uv(), "pip", "install", "--quiet", "--python", str(python)]
    else:
        start = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return [*start, "--require-hashes", "--only-binary", ":all:"]


def _offline(installer: Installer) -> list[str]:
    return ["--offline", "--no-index"] if installer == "uv" else ["--no-index"]


def _environment(environ: Mapping[str, str], python: Path, offline: bool) -> dict[str, str]:
    found = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "UV_PYTHON"):
        found.pop(name, None)
    found["PATH"] = os.pathsep.join([str(python.parent), found.get("PATH", "")])
    if offline:
        # A user's own configuration may name further indexes, which must not be asked.
        found = {n: v for n, v in found.items() if not n.startswith(("PIP_", "UV_")) or n.endswith("CACHE_DIR")}
        found |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
    return found


def _run(command: Sequence[str], environ: Mapping[str, str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=dict(environ))
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        name = "uv" if Path(command[0]).stem == "uv" else "pip"
        raise CheckFailed(f"the pip half failed, {name} says: " + "\n".join(lines[-_LAST_LINES:]))


def _from_folder(requirements: Path, folder: Path, work: Path) -> tuple[Path, list[str]]:
    """A requirements file that names no address, and options for what it needs beside ``folder``.

    Every wheel that it names was found in ``folder`` or among the lock's own, and verified.
    """
    digests = _wheels(folder) | _wheels(requirements.parent / "wheels")
    lines: list[str] = []
    options: list[str] = []
    for number, line in _logical(requirements):
        wanted = _wanted(requirements, line)
        if wanted is None:
            options += ["--find-links", str(requirements.parent / "wheels")]
            continue
        if not wanted.hashes & set(digests):
            raise _not_there(wanted, folder, digests, requirements, number)
        lines.append(_without_address(wanted))
    rewritten = work / "requirements.txt"
    rewritten.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return rewritten, options


def _not_there(wanted: Wanted, folder: Path, digests: Mapping[str, Path], requirements: Path, number: int) -> Exception:
    same = [
        path
        for path in digests.values()
        if canonicalize_name(path.name.split("-")[0]) == wanted.name and _version(path.name) in wanted.text
    ]
    if same:
        return CheckFailed(
            f"{same[0].name} is not the file that the lock names: none of its hashes for {wanted.name} fits "
            f"({requirements.name}, line {number})"
        )
    return IndexUnavailable(f"no wheel of {wanted.text} is in {folder}; bundle the lock anew")


def _version(filename: str) -> str:
    return filename.split("-")[1] if filename.count("-") > 1 else ""


def _without_address(wanted: Wanted) -> str:
    """The line of ``torch @ https://…/torch-2.11.0%2Bcu128-….whl`` as that of ``torch==2.11.0+cu128``."""
    asked, hashes = Requirement(wanted.text), sorted(wanted.hashes)
    if asked.url is None:
        return requirement_line(asked.name, specifier=str(asked.specifier), extras=sorted(asked.extras), hashes=hashes)
    version = names.wheel(unquote(names.url_parts(asked.url).path.rpartition("/")[2])).version
    return requirement_line(asked.name, version=version, extras=sorted(asked.extras), hashes=hashes)


def _wheels(folder: Path) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.rglob("*.whl")) if folder.is_dir() else ():
        with path.open("rb") as stream:
            found[hashlib.file_digest(stream, "sha256").hexdigest()] = path
    return found


def _wanted(path: Path, line: str) -> Wanted | None:
    if line == LOCAL_WHEELS:
        return None
    if line.startswith("-"):
        raise BadInput(f"{line.split()[0]} is no option that a lock may have", file=path, fix=_AGAIN)
    hashes = frozenset(_HASH.findall(line))
    text = line.partition(" --hash=")[0].strip()
    if not hashes:
        raise BadInput(f"{text} has no sha256", file=path, fix=_AGAIN)
    name = re.split(r"[\s\[=<>!~;@]", text, maxsplit=1)[0]
    return Wanted(canonicalize_name(name), text, hashes)


def _logical(path: Path) -> Iterator[tuple[int, str]]:
    """Number and text of each logical line: continued lines joined, comments and blanks left out."""
    waiting, start = "", 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        bare = line.strip()
        if not waiting:
            start = number
        if bare.startswith("#") or (not bare and not waiting):
            continue
        if bare.endswith("\\"):
            waiting += bare.removesuffix("\\").rstrip() + " "
            continue
        yield start, (waiting + bare).partition(" #")[0].strip()
        waiting = ""
