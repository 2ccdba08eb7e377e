"""Locks as something to prove or to carry: those of the project, and those of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from solver.commands.project import locks_dir
from solver.core.axes import axes_of
from solver.core.errors import BadInput
from solver.lock.folder import LockFolder, intact_folder, lock_folders
from solver.proof.bundle.manifest import carried_subjects
from solver.proof.subject import Subject


def subjects_of(root: Path, names: Sequence[str], bundle: Path | None = None) -> tuple[Subject, ...]:
    """The locks ``names``, or all, of the ``bundle`` or else of the project in ``root``.

    Raises ``BadInput`` where there are none, and where a bundle has another lock than its manifest says.
    """
    if bundle is not None:
        return tuple(map(_as_carried, carried_subjects(bundle, names)))
    locks = locks_dir(root)
    folders = [locks / name for name in names] if names else lock_folders(locks)
    if not folders:
        raise BadInput("there is no lock here", file=locks, fix="make one with `interlock lock`, or change folder")
    return tuple(map(subject_of, folders))


def subject_of(folder: Path) -> Subject:
    """The lock in ``folder`` as a subject; raises ``BadInput`` where there is none, or it was changed."""
    return as_subject(intact_folder(folder))


def _as_carried(named: Subject) -> Subject:
    """The lock that a manifest names, as it lies in the bundle: evidence of it must not carry another one's digest."""
    lock = subject_of(named.folder)
    if (lock.profile, lock.digest) != (named.profile, named.digest):
        raise BadInput("is another lock than the manifest says", file=named.folder, fix="carry the whole bundle again")
    return lock


def as_subject(lock: LockFolder) -> Subject:
    """The lock as a subject, whether or not it was changed."""
    return Subject(
        profile=lock.name,
        folder=lock.path,
        digest=lock.digest,
        packages=_packages(lock),
        files={str(pin.name): pin.digest for pin in lock.pins},
        gpu=lock.asks_for_gpu,
        variables=lock.variables,
        relaxed=tuple(sorted({note.package for note in lock.solution.notes})),
    )


def _packages(lock: LockFolder) -> dict[str, str]:
    """Version by name of what the probes and the predictions look at, python among it."""
    axes = {name: version for name, version in lock.solution.solution.items() if version is not None}
    if lock.from_pip:
        versions = {str(pin.name): pin.installs for pin in lock.pins}
    else:
        # conda's names differ; the probes and the predictions go by the frameworks' own.
        versions = {str(name): axes[name] for name in axes_of("framework", "package") if name in axes}
    return {"python": axes.get("python", lock.solution.target.python), **versions}
