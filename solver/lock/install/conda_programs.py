"""The programs that make conda environments: what each is called, how it is asked, and where its environments lie."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from solver.core.errors import BadInput, CheckFailed
from solver.core.programs import ending_with_us
from solver.core.writers import shell_assignment, shell_quoted


@dataclass(frozen=True)
class CondaProgram:
    """One program that makes environments of a file, pip half included."""

    name: str
    create: tuple[str, ...]
    """Its words for a new environment of a file."""
    place: tuple[str, str]
    """The options that name the file and, where it may lie anywhere, the environment; else ""."""
    activate: str
    """The shell's line that activates an environment, with ``{}`` for its name or place."""
    folders: str | None = None
    """Where its ``info --json`` lists the folders of named environments; None: it has none."""
    variable: str | None = None
    """The environment variable in which its shell function keeps its place; None: it has no such function."""
    barred: str = ""
    """Signs that no folder of an environment of its may have in its name."""
    within: str = ""
    """Where the environment lies below the folder that it is made in."""

    @property
    def has_project(self) -> bool:
        """Whether its environments belong to a project, pixi.toml and pixi.lock, and lie below it."""
        return bool(self.within)


_PLACE = ("--file", "--prefix")
_MAMBAS = ("envs directories", "MAMBA_EXE")
PROGRAMS: Mapping[str, CondaProgram] = {
    program.name: program
    for program in (
        # conda's own list (conda/base/constants.py, PREFIX_NAME_DISALLOWED_CHARS).
        CondaProgram("conda", ("env", "create", "--yes"), _PLACE, "conda activate {}", "envs_dirs", "CONDA_EXE", " :#"),
        CondaProgram("mamba", ("env", "create", "--yes"), _PLACE, "mamba activate {}", *_MAMBAS),
        CondaProgram("micromamba", ("create", "--yes"), _PLACE, "micromamba activate {}", *_MAMBAS),
        CondaProgram(
            "pixi",
            ("install", "--frozen"),
            ("--manifest-path", ""),
            'eval "$(pixi shell-hook --frozen --manifest-path {}/pixi.toml)"',
            within=".pixi/envs/default",
        ),
    )
}
"""In the order in which they are looked for."""


@dataclass(frozen=True)
class FoundProgram:
    """One of ``PROGRAMS`` that is on this machine."""

    program: CondaProgram
    path: str

    def check_place(self, prefix: Path) -> None:
        """Raise ``BadInput`` where the program makes no environment at ``prefix``."""
        barred = [sign for sign in prefix.name if sign in self.program.barred]
        if barred:
            problem = f'{self.program.name} makes no environment in a folder with "{barred[0]}" in its name'
            raise BadInput(problem, file=prefix, key="--prefix", fix="choose another name, or add --with interlock")

    def create(self, file: Path, prefix: Path) -> None:
        """Make the environment of ``file`` in ``prefix``; what the program says goes where ours goes.

        Raises ``CheckFailed`` where it fails, which may leave half an environment.
        """
        of, into = self.program.place
        command = [self.path, *self.program.create, of, str(file), *([into, str(prefix)] if into else ())]
        done = subprocess.run(ending_with_us(command), check=False)
        if done.returncode != 0:
            raise CheckFailed(f"{self.program.name} could not make {prefix}, as it says above (exit {done.returncode})")

    def prefix_of(self, name: str) -> Path:
        """Where the environment called ``name`` is, or would be made; raises ``CheckFailed``, ``BadInput``."""
        if not name or name.startswith((".", "-")) or any(sign in name for sign in "/\\: #"):
            raise BadInput(f'"{name}" is no name of an environment', key="--name", fix="use letters, digits, - and _")
        if self.program.folders is None:
            problem = f"{self.program.name} knows its environments by the folders of their projects, and none by a name"
            raise BadInput(problem, key="--name", fix="name the folder with --prefix")
        done = subprocess.run(
            [self.path, "info", "--json"], capture_output=True, text=True, errors="replace", check=False
        )
        try:
            folders = [Path(folder) for folder in json.loads(done.stdout)[self.program.folders]]
        except (ValueError, KeyError, TypeError):
            raise CheckFailed(f"{self.program.name} does not tell where its environments lie; use --prefix") from None
        if not folders:
            raise CheckFailed(f"{self.program.name} names no folder for environments; use --prefix")
        return next((folder / name for folder in folders if (folder / name).exists()), folders[0] / name)


def find_program(environ: Mapping[str, str], named: str | None = None) -> FoundProgram | None:
    """The first of ``PROGRAMS`` that is here, or the ``named`` one; None where none is.

    Raises ``BadInput`` where the named one is not here.
    """
    for program in PROGRAMS.values() if named is None else (PROGRAMS[named],):
        path = shutil.which(program.name, path=environ.get("PATH")) or _by_variable(program, environ)
        if path is not None:
            return FoundProgram(program, path)
    if named is not None:
        raise BadInput(f"there is no {named} on this machine", key="--with", fix="install it, or leave --with out")
    return None


def _by_variable(program: CondaProgram, environ: Mapping[str, str]) -> str | None:
    path = environ.get(program.variable or "", "")
    return path if Path(path).stem == program.name and Path(path).is_file() else None


def activation(
    program: FoundProgram | None,
    prefix: Path,
    name: str | None,
    variables: Mapping[str, str],
    script: str | None = None,
) -> str:
    """The shell's line that activates the environment at ``prefix``, which is called ``name``.

    ``script`` lies below it, and is what conda's activation would run.
    """
    place = shell_assignment("CONDA_PREFIX", str(prefix))
    if program is not None:
        return program.program.activate.format(place.partition("=")[2] if name is None else name)
    pairs = [shell_assignment(key, value) for key, value in variables.items()]
    line = " ".join(["export", place, f'PATH={shell_quoted(str(prefix / "bin"))}:"$PATH"', *pairs])
    return line if script is None else f"{line} && . {shell_quoted(str(prefix / script))}"
