"""create: an environment of a lock, by whatever program for conda environments is here; an old one makes way first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from solver.audit.readers.prefix import is_prefix, read_prefix
from solver.audit.unowned_files import unowned_files
from solver.commands.export import write_export
from solver.commands.project import locks_dir, open_project
from solver.core.errors import BadInput
from solver.core.scratch import UNFINISHED
from solver.lock.folder import ENVIRONMENT, LockFolder
from solver.lock.install.aside import out_of_the_way, put_back
from solver.lock.install.checked import checked_folder
from solver.lock.install.conda_programs import PROGRAMS, FoundProgram, activation, find_program
from solver.lock.install.place import check_place
from solver.lock.install.prefix import install_lock, read_variables, write_accepted
from solver.lock.loader.sharing import SCRIPT
from solver.lock.pixi_manifest import MANIFEST, is_made_here

OWN = "interlock"
"""The installer of our own, where a program is named."""
MAKERS = (*PROGRAMS, OWN)
"""What can make an environment, by name."""


@dataclass(frozen=True)
class Move:
    """What becomes of one package, of conda's or of pip's, or of a variable, by its name there."""

    half: str
    """"conda", "pip", or "variable" of what activating the environment sets."""
    name: str
    before: str | None
    """None: it was not there."""
    after: str | None
    """None: it goes."""


@dataclass(frozen=True)
class Creation:
    """An environment to be made, before anything is done."""

    root: Path
    """The folder of the project that the lock is of."""
    lock: LockFolder
    prefix: Path
    program: FoundProgram | None
    """None: our own installer."""
    moves: tuple[Move, ...] | None
    """What changes in the environment that lies there; None where none does."""
    activation: str
    """The shell's line that activates it."""
    unowned: tuple[str, ...] = ()
    """Files that go with the environment that lies there, and that no package brought, by POSIX path below it."""

    @property
    def environment(self) -> Path:
        """Where its packages lie: ``prefix``, or below it where that is a project of pixi's."""
        return _environment(self.prefix, self.program)


def plan(
    root: Path, profile: str, *, name: str | None, prefix: Path | None, program: str | None, environ: Mapping[str, str]
) -> Creation:
    """The environment of the lock of ``profile``, called ``name`` or at ``prefix``; nothing is done.

    But what a killed change put aside lies there again. Raises ``BadInput`` where there is no such lock, no place, or
    something at it that is no environment.
    """
    if (name is None) == (prefix is None):
        raise BadInput("expected one of --name and --prefix", key="create", fix="name one place for the environment")
    lock = checked_folder(locks_dir(root) / profile)
    maker = None if program == OWN else find_program(environ, program)
    if prefix is None:
        if maker is None:
            problem = "there is no conda, mamba or micromamba here, which would know where named environments lie"
            raise BadInput(problem, key="--name", fix="name the folder with --prefix")
        prefix = maker.prefix_of(name or "")
    prefix = prefix.absolute()
    check_place(prefix)
    # Where a link leads, as a folder never takes the place of one.
    prefix = prefix.resolve() if prefix.is_symlink() and prefix.exists() else prefix
    if maker is not None:
        maker.check_place(prefix)
    put_back(prefix)
    line = activation(maker, prefix, name, lock.variables, SCRIPT if lock.led else None)
    moves = _moves(lock, prefix, _environment(prefix, maker))
    return Creation(root, lock, prefix, maker, moves, line, unowned_files(_environment(prefix, maker)) if moves else ())


def _environment(prefix: Path, program: FoundProgram | None) -> Path:
    return prefix if program is None else prefix / program.program.within


def carry_out(creation: Creation, *, check_driver: bool = True) -> None:
    """Make the environment; where that fails, what lay there before lies there again.

    Raises what the installer or the program raises.
    """
    with out_of_the_way(creation.prefix):
        if creation.program is None:
            install_lock(creation.lock.path, creation.prefix, check_driver=check_driver)
            return
        file = creation.lock.path / ENVIRONMENT
        if creation.program.program.has_project:
            project = open_project(creation.root)
            write_export(project, creation.lock.name, "pixi.lock-6", creation.prefix)
            file = creation.prefix / MANIFEST
        creation.program.create(file, creation.prefix)
        write_accepted(creation.environment, creation.lock.accepted)


def _moves(lock: LockFolder, prefix: Path, environment: Path) -> tuple[Move, ...] | None:
    if not prefix.exists() or (prefix.is_dir() and not any(prefix.iterdir())):
        return None
    if prefix.is_dir() and environment != prefix and is_made_here(prefix):
        packages = _installed(environment) if is_prefix(environment) else {}
        return _differences(packages, _locked(lock))  # what it sets stands in its pixi.toml
    if not prefix.is_dir() or not is_prefix(prefix):
        raise BadInput("is no environment", file=prefix, fix="choose another place, or take it away")
    if (prefix / UNFINISHED).is_file():
        return None
    if (prefix / "condabin").exists():
        raise BadInput("is the environment that conda itself runs in", file=prefix, fix="choose another place")
    if prefix.resolve() in (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()):
        raise BadInput("is the environment that Interlock itself runs in", file=prefix, fix="choose another place")
    set_before = read_variables(prefix)
    before, after = ({}, {}) if set_before is None else (set_before, lock.variables)
    return _differences(_installed(prefix) | _variables(before), _locked(lock) | _variables(after))


def _differences(
    before: Mapping[tuple[str, str], str | None], after: Mapping[tuple[str, str], str | None]
) -> tuple[Move, ...]:
    keys = sorted(before.keys() | after.keys())
    return tuple(Move(*key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key))


def _installed(prefix: Path) -> dict[tuple[str, str], str | None]:
    packages = read_prefix(prefix).packages
    conda = {str(package.conda): f"{package.version} {package.build}" for package in packages if package.conda}
    pip = {str(p.name): p.version for p in packages if p.conda is None and p.from_index}
    return _halves(conda, pip)


def _locked(lock: LockFolder) -> dict[tuple[str, str], str | None]:
    conda = {str(record.name): f"{record.version} {record.build}" for record in lock.records}
    return _halves(conda, {str(pin.name): pin.installs for pin in lock.pins})


def _variables(values: Mapping[str, str]) -> dict[tuple[str, str], str | None]:
    return {("variable", name): value for name, value in values.items()}


def _halves(conda: Mapping[str, str], pip: Mapping[str, str | None]) -> dict[tuple[str, str], str | None]:
    """Version by half and name; what conda brings is there for pip, too, and told once."""
    own = {("pip", name): version for name, version in pip.items() if name not in conda}
    return {**{("conda", name): version for name, version in conda.items()}, **own}
