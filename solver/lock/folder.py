"""A lock folder as a value: read once, by one reader, for everything that works on what lies there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from solver.core import reading
from solver.core.acceptance import Acceptance
from solver.core.answer import NOT_KNOWN, Answer
from solver.core.axes import CUDA
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS, explicit_filename
from solver.core.lines import LockedPin, logical_lines, read_pins
from solver.core.model import FORMAT_VERSION, Target
from solver.core.writers import WHEELS
from solver.core.yamlfile import load_yaml
from solver.index.conda_record import CondaRecord
from solver.lock.conda_section import section_records
from solver.lock.solution import FILE, MADE_BY, SolutionText, installable, installable_digest, whole_digest
from solver.matrix.cures import is_led

REQUIREMENTS, ENVIRONMENT = "requirements.txt", "environment.yml"
AGAIN = "make the lock again with `interlock lock`"
"""What to do about a lock that cannot be read."""


@dataclass(frozen=True)
class LockFolder:
    """``locks/<profile>/`` as it lies there. Parts are read when they are asked for; each may raise ``BadInput``."""

    path: Path
    solution: SolutionText
    whole: str
    """The digest that solution.yaml would have of itself as it is now."""

    @property
    def name(self) -> str:
        """The profile, by the folder's name."""
        return self.path.name

    @property
    def target(self) -> Target:
        """Where the lock runs; without a driver where nothing in it asks for a GPU."""
        target = self.solution.target
        return target if self.asks_for_gpu else msgspec.structs.replace(target, driver=None)

    @property
    def from_pip(self) -> bool:
        """Whether its frameworks come from pip."""
        return FLAVOURS[self.solution.flavour].from_pip

    @property
    def set_file(self) -> Path:
        """The one file that names all that it installs: the pins of pip, or the archives of conda."""
        return self.path / REQUIREMENTS if self.from_pip else self.explicit_file

    @cached_property
    def explicit(self) -> frozenset[str] | None:
        """The lines of the @EXPLICIT file of its conda half, comments and the mark left out; None where it is missing.

        Of a lock that installs both halves it is that of the base alone.
        """
        path = self.explicit_file
        if not path.is_file():
            return None
        lines = (line.strip() for line in reading.read_text(path).splitlines())
        return frozenset(line for line in lines if line and not line.startswith(("#", "@")))

    @property
    def explicit_file(self) -> Path:
        """Where that file lies, or would."""
        return self.path / explicit_filename(self.solution.flavour, self.solution.target.platform)

    @property
    def asks_for_gpu(self) -> bool:
        """Whether the lock holds a CUDA runtime, or does not say."""
        return self.solution.solution.get(CUDA, NOT_KNOWN) is not None

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The files that an installation reads, by POSIX name below the folder."""
        paths = sorted(path for path in self.path.rglob("*") if path.is_file())
        names = {path.relative_to(self.path).as_posix(): path for path in paths}
        return {name: reading.read_bytes(path) for name, path in names.items() if installable(name)}

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over ``files`` as they are now; evidence names a lock by it."""
        return installable_digest(self.files)

    @property
    def changes(self) -> tuple[str, ...]:
        """What of it is not as it was made."""
        files = () if self.solution.lock == self.digest else ("its files were changed",)
        text = () if self.solution.whole == self.whole else ("its solution.yaml was changed",)
        return files + text

    @property
    def accepted(self) -> Acceptance:
        """What the audit found in it and the request accepts: the reason by the id of the finding."""
        return {one.id: one.reason for one in self.solution.accepted}

    @property
    def requirements(self) -> Path | None:
        """The pip half; None where the lock has none."""
        path = self.path / REQUIREMENTS
        return path if path.is_file() else None

    @property
    def lines(self) -> tuple[str, ...]:
        """The logical lines of the pip half, hashes included, each joined to one line of single blanks."""
        if self.requirements is None:
            return ()
        return tuple(" ".join(line.text.split()) for line in logical_lines(reading.read_text(self.requirements)))

    @cached_property
    def pins(self) -> tuple[LockedPin, ...]:
        """What the pip half installs."""
        return () if self.requirements is None else read_pins(self.requirements)

    @cached_property
    def records(self) -> tuple[CondaRecord, ...]:
        """What the conda half installs; empty where the lock has none."""
        return section_records(self.solution.conda, self.path / FILE)

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """environment.yml as data; empty where the lock has none."""
        path = self.path / ENVIRONMENT
        if not path.is_file():
            return {}
        data = load_yaml(path).data
        if not isinstance(data, dict):
            raise BadInput("expected a conda environment", file=path, fix=AGAIN)
        return data

    @property
    def variables(self) -> dict[str, str]:
        """What activating the environment sets, by name."""
        return self.solution.variables

    @property
    def wheels(self) -> dict[str, str]:
        """sha256 (hex) of each wheel that the lock brings itself, by file name."""
        paths = sorted((self.path / WHEELS).glob("*.whl"))
        return {path.name: hashlib.sha256(reading.read_bytes(path)).hexdigest() for path in paths}

    @property
    def led(self) -> bool:
        """Whether TensorFlow finds its libraries by what activating the environment sets (``loader: activation``)."""
        return is_led({str(pin.name): pin.installs for pin in self.pins}) is Answer.YES


def is_lock(folder: Path) -> bool:
    """Whether a lock was made in ``folder``."""
    return (folder / FILE).is_file()


def own_lock(folder: Path) -> LockFolder | None:
    """The lock in ``folder``; None where there is none, or a solution.yaml of somebody else's.

    Raises ``BadInput`` where it is ours and cannot be read: its target would not be known.
    """
    try:
        with (folder / FILE).open(encoding="utf-8") as text:
            ours = text.read(len(MADE_BY)) == MADE_BY
    except (OSError, UnicodeDecodeError):
        return None
    return read_folder(folder) if ours else None


def lock_folders(locks: Path) -> tuple[Path, ...]:
    """The folders below ``locks`` that hold a lock, by name; what a kill left unfinished begins with a dot."""
    return tuple(path.parent for path in sorted(locks.glob(f"*/{FILE}")) if not path.parent.name.startswith("."))


def read_folder(folder: Path) -> LockFolder:
    """The lock in ``folder``; raises ``BadInput`` where none was made, or with file, line and key of what is wrong."""
    path = folder / FILE
    if not path.is_file():
        fix = f"make it with `interlock lock {folder.name}`"
        raise BadInput("this profile has no lock", file=path, fix=fix)
    document = load_yaml(path)
    version = document.data.get("version") if isinstance(document.data, dict) else None
    if version != FORMAT_VERSION:
        raise BadInput(f"expected a solution of format version {FORMAT_VERSION}", file=path, fix=AGAIN)
    return LockFolder(folder, decode(document, SolutionText, AGAIN), whole_digest(document.data))


def intact_folder(folder: Path) -> LockFolder:
    """The same, for whoever installs, carries or hands on what lies there; raises ``BadInput`` where it was changed."""
    lock = read_folder(folder)
    if lock.changes:
        fix = f"restore the folder, or make it again with `interlock lock {lock.name}`"
        raise BadInput(f"{' and '.join(lock.changes)} after the lock was made", file=folder, fix=fix)
    return lock
