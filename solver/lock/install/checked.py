"""What a lock's folder says is to be installed, checked against itself before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.writers import explicit_line
from solver.index.conda_record import CondaRecord
from solver.lock.environment import locked_pins
from solver.lock.folder import AGAIN, ENVIRONMENT, LockFolder, intact_folder


def checked_folder(folder: Path) -> LockFolder:
    """The lock in ``folder``; raises ``BadInput`` where its files are missing, were changed or disagree."""
    lock = intact_folder(folder)
    _ = lock.pins  # read before anything is done: an option or a line without a hash ends here
    if lock.records:
        _same(lock.environment.get("dependencies"), lock.records, folder / ENVIRONMENT)
        _same_explicit(lock)
    if lock.environment:
        _same_variables(lock.environment.get("variables"), lock.variables, folder / ENVIRONMENT)
    return lock


def _same(dependencies: object, records: Iterable[CondaRecord], path: Path) -> None:
    """environment.yml names the packages whose hashes solution.yaml holds, no more and no less."""
    _equal(locked_pins(dependencies), {record.pin for record in records}, path)


def _same_variables(written: object, variables: Mapping[str, str], path: Path) -> None:
    """environment.yml sets what solution.yaml says, no more and no less."""
    named = {f"{name}={value}" for name, value in written.items()} if isinstance(written, dict) else set()
    _equal(named, {f"{name}={value}" for name, value in variables.items()}, path)


def _same_explicit(lock: LockFolder) -> None:
    if lock.explicit is None:
        raise BadInput("is missing", file=lock.explicit_file, fix=AGAIN)
    _equal(set(lock.explicit), {explicit_line(one.url, one.sha256) for one in lock.records}, lock.explicit_file)


def _equal(listed: set[str], locked: set[str], path: Path) -> None:
    extra, missing = sorted(listed - locked), sorted(locked - listed)
    if extra or missing:
        difference = f"has {extra[0]}" if extra else f"has no {missing[0]}"
        raise BadInput(f"{difference}, and solution.yaml says otherwise", file=path, fix=AGAIN)
