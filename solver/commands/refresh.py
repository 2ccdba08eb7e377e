"""refresh: rows and index facts read anew; what a person wrote stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from solver.commands.project import open_matrices, open_project, own_matrices
from solver.index.conda import open_channels
from solver.index.pypi import PypiIndex
from solver.matrix.builds import framework_pythons
from solver.matrix.load import matrices_dir
from solver.refresh.derive import renew, write_renewal
from solver.refresh.record import ROOTS, record_index
from solver.refresh.wheels import IndexWheels
from solver.solve.conda.reach import refresh_conda


def refresh(root: Path, *, rows: bool, snapshot: bool, channels: Sequence[str]) -> Iterator[str]:
    """Renew below ``root``/matrices; yields a line a step. Raises ``IndexUnavailable``."""
    folder = own_matrices(root)
    if rows:
        yield from _rows(root)
    if snapshot:
        yield from _snapshot(folder / "snapshot")
    if channels:
        yield from _channels(root, folder / "snapshot", channels)


def _rows(root: Path) -> Iterator[str]:
    steps: list[str] = []
    renewal = renew(open_matrices(root), IndexWheels(PypiIndex()), tell=steps.append)
    yield from steps
    written = write_renewal(renewal, own_matrices(root))
    yield f"matrices: {', '.join(path.name for path in written) or 'nothing new'}"


def _snapshot(folder: Path) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ROOTS).is_file():
        shutil.copyfile(matrices_dir() / "snapshot" / ROOTS, folder / ROOTS)
    steps: list[str] = []
    changes = record_index(folder, PypiIndex(), steps.append)
    yield from steps
    yield f"snapshot: {changes.packages} packages, {changes.releases} releases recorded"


def _channels(root: Path, folder: Path, channels: Sequence[str]) -> Iterator[str]:
    project = open_project(root)
    source = open_channels(channels)
    for path in refresh_conda(
        project.request.profiles, sorted(framework_pythons(project.matrices)), source, project.matrices, folder
    ):
        yield f"conda: {path.relative_to(root)} written"
