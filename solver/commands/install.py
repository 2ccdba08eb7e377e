"""install: the lock of a profile put into a new environment."""

from __future__ import annotations

from pathlib import Path

from solver.commands.project import locks_dir
from solver.core.flavours import FLAVOURS
from solver.core.programs import find_python
from solver.lock.folder import is_lock, read_folder
from solver.lock.install.pip import Installer
from solver.lock.install.place import check_place
from solver.lock.install.prefix import Environment, install_lock


def install(
    root: Path,
    name: str,
    prefix: Path,
    *,
    folder: Path | None = None,
    python: Path | None = None,
    installer: Installer | None = None,
    check_driver: bool = True,
) -> Environment:
    """Install the lock of the profile called ``name`` of the project in ``root``; the options are the installer's.

    Needs no request beside the lock; one for people without conda becomes a venv of a python that is found here. Raises
    ``BadInput`` where there is no lock, and whatever the installer raises.
    """
    check_place(prefix.absolute())
    lock = locks_dir(root) / name
    if python is None and is_lock(lock):
        text = read_folder(lock).solution
        python = None if FLAVOURS[text.flavour].conda else find_python(text.target.python)
    return install_lock(lock, prefix, folder=folder, python=python, installer=installer, check_driver=check_driver)
