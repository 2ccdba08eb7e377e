"""The pip half of an installation: a hashed requirements file, by uv or by pip, from the network or a folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from solver.core import names
from solver.core.errors import BadInput, CheckFailed, IndexUnavailable
from solver.core.lines import LockedPin, has_own_wheels, read_pins
from solver.core.programs import ending_with_us, failure_of_machine, uv_here
from solver.core.writers import requirement_line

Installer = Literal["uv", "pip"]
_LAST_LINES = 15


@dataclass(frozen=True)
class PipHalf:
    """How a pip half is installed."""

    installer: Installer
    folder: Path | None
    """With every wheel of it: nothing but it and the lock's own wheels is looked at. None: the indexes are asked."""
    environ: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    """That the installer inherits."""


def find_uv() -> str:
    """The ``uv`` beside this python, or of the path; raises ``BadInput`` where there is none."""
    uv = uv_here()
    if uv is None:
        raise BadInput("there is no uv on this machine", key="--with", fix="install it, or choose pip")
    return uv


def installer_here() -> Installer:
    """What installs a pip half where nobody chose: uv, which is faster, or else the pip of the environment."""
    return "pip" if uv_here() is None else "uv"


def uv_for_wheels() -> str:
    """``find_uv`` where no other installer can be chosen."""
    uv = uv_here()
    if uv is None:
        raise BadInput(
            "there is no uv on this machine, by which the loader is installed", fix="install it (`pip install uv`)"
        )
    return uv


def install_pip_half(requirements: Path, python: Path, work: Path, how: PipHalf) -> None:
    """Install ``requirements`` into the environment of ``python``, every file against its hash.

    Wheels of a folder are verified before the installer starts. ``work`` is an existing
    folder for temporary files. Raises ``CheckFailed`` with what the installer said.
    """
    command, folder = _command(how.installer, python), how.folder
    if folder is not None:
        requirements, options = _from_folder(requirements, folder, work)
        command += [*_offline(how.installer), "--find-links", str(folder), *options]
    environ = _environment(how.environ, python, folder is not None)
    _run([*command, "--requirement", str(requirements)], environ, how.descriptors)


def install_wheel(wheel: Path, python: Path) -> None:
    """Put one wheel into the environment of ``python``, in place of another version of it and nothing else.

    Raises ``CheckFailed`` with what the installer said.
    """
    start = [uv_for_wheels(), "pip", "install", "--quiet", "--python", str(python), "--no-deps", *_offline("uv")]
    _run([*start, str(wheel)], _environment(os.environ, python, offline=True), ())


def uninstall(name: str, python: Path) -> None:
    """Take a package out of the environment of ``python``; raises ``CheckFailed`` with what the installer said."""
    start = [uv_for_wheels(), "pip", "uninstall", "--quiet", "--python", str(python)]
    _run([*start, name], _environment(os.environ, python, offline=True), ())


def _command(installer: Installer, python: Path) -> list[str]:
    if installer == "uv":
        start = [find_uv(), "pip", "install", "--quiet", "--python", str(python)]
    else:
        start = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return [*start, "--require-hashes", "--only-binary", ":all:"]


def _offline(installer: Installer) -> list[str]:
    return ["--offline", "--no-index"] if installer == "uv" else ["--no-index"]


def _environment(environ: Mapping[str, str], python: Path, offline: bool) -> dict[str, str]:
    """``environ`` without what would have the installer look into, or write into, another environment."""
    variables = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "UV_PYTHON"):
        variables.pop(name, None)
    variables["PATH"] = os.pathsep.join([str(python.parent), variables.get("PATH", "")])
    if offline:
        # A user's own configuration may name further indexes, which must not be asked.
        variables = {n: v for n, v in variables.items() if not n.startswith(("PIP_", "UV_")) or n.endswith("CACHE_DIR")}
        variables |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
    return variables


def _run(command: Sequence[str], environ: Mapping[str, str], descriptors: tuple[int, ...]) -> None:
    done = subprocess.run(
        ending_with_us(command),
        capture_output=True,
        text=True,
        errors="replace",
        env=dict(environ),
        pass_fds=descriptors,
    )
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        name = "uv" if Path(command[0]).stem == "uv" else "pip"
        if failure := failure_of_machine(name, done.stderr, done.returncode):
            raise failure
        raise CheckFailed(f"the pip half failed, {name} says: " + "\n".join(lines[-_LAST_LINES:]))


def _from_folder(requirements: Path, folder: Path, work: Path) -> tuple[Path, list[str]]:
    """A requirements file that names no address, and options for what it needs beside ``folder``.

    Every wheel that it names was found in ``folder`` or among the lock's own, and verified.
    """
    wheels = _wheels(folder) | _wheels(requirements.parent / "wheels")
    lines: list[str] = []
    for pin in read_pins(requirements):
        if not pin.hashes & set(wheels):
            raise _not_there(pin, folder, wheels, requirements)
        lines.append(_without_address(pin))
    options = ["--find-links", str(requirements.parent / "wheels")] if has_own_wheels(requirements) else []
    rewritten = work / "requirements.txt"
    rewritten.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return rewritten, options


def _not_there(pin: LockedPin, folder: Path, wheels: Mapping[str, Path], requirements: Path) -> Exception:
    """A wheel of that version with other bytes is a failed check, no wheel at all a bundle that lacks it."""
    same = [path for path in wheels.values() if _is_wheel_of(path.name, pin)]
    if same:
        return CheckFailed(
            f"{same[0].name} is not the file that the lock names: none of its hashes for {pin.name} fits "
            f"({requirements.name}, line {pin.line})"
        )
    return IndexUnavailable(f"no wheel of {pin.text} is in {folder}; bundle the lock anew")


def _is_wheel_of(filename: str, pin: LockedPin) -> bool:
    try:
        names.wheel_of(filename, pin.name, pin.installs)
    except names.BadName:
        return False
    return True


def _without_address(pin: LockedPin) -> str:
    """The line of ``torch @ https://…/torch-2.11.0%2Bcu128-….whl`` as that of ``torch==2.11.0+cu128``.

    An installer goes to an address that it is given, whatever lies in its folders.
    """
    requirement, hashes = Requirement(pin.text), sorted(pin.hashes)
    extras = sorted(requirement.extras)
    if pin.url is None:
        return requirement_line(requirement.name, specifier=str(requirement.specifier), extras=extras, hashes=hashes)
    return requirement_line(requirement.name, version=pin.installs, extras=extras, hashes=hashes)


def _wheels(folder: Path) -> dict[str, Path]:
    """Every wheel below ``folder``, by the sha256 (hex) of its bytes."""
    wheels = {}
    for path in sorted(folder.rglob("*.whl")) if folder.is_dir() else ():
        with path.open("rb") as stream:
            wheels[hashlib.file_digest(stream, "sha256").hexdigest()] = path
    return wheels
