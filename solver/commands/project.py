"""A user's project opened: its request, the matrices with its own rows, and the indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.model import Profile, Request
from solver.core.whole import recover
from solver.index import Index
from solver.index.layered import LayeredIndex
from solver.index.pypi import PypiIndex
from solver.index.snapshot import SnapshotIndex
from solver.matrix.load import Matrices, load_matrices, matrices_dir
from solver.request.read import read_request
from solver.solve.space.packages import Spaces

REQUEST_FILE = "environment.yml.in"


@dataclass(frozen=True)
class Project:
    """Everything that a command works on."""

    root: Path
    request: Request
    matrices: Matrices
    index: Index
    snapshot: SnapshotIndex
    spaces: Spaces
    live: bool = False

    @property
    def locks(self) -> Path:
        """The folder of the locks."""
        return locks_dir(self.root)

    def chosen(self, names: Sequence[str]) -> tuple[Profile, ...]:
        """The profiles called ``names``, every one where none is named; raises ``BadInput`` where there is no such."""
        return tuple(map(self.profile, names)) if names else self.request.profiles

    def profile(self, name: str) -> Profile:
        """The profile called ``name``; raises ``BadInput`` where there is none."""
        for profile in self.request.profiles:
            if profile.name == name:
                return profile
        names = ", ".join(profile.name for profile in self.request.profiles)
        raise BadInput(
            f"there is no profile {name}", file=self.request.file, key="profiles", fix=f"choose from {names}"
        )


def open_project(root: Path, *, live: bool = False) -> Project:
    """Open the project in ``root``; ``live`` asks the index for what the snapshot does not hold."""
    recover(locks_dir(root))
    matrices, index, snapshot = open_facts(root, live=live)
    path = root / REQUEST_FILE
    if not path.is_file():
        raise BadInput(
            "there is no request here", file=REQUEST_FILE, fix="write one (docs/request.md) or change folder"
        )
    return Project(root, read_request(path, matrices), matrices, index, snapshot, Spaces(matrices, index), live)


def locks_dir(root: Path) -> Path:
    """The folder of the locks of the project in ``root``."""
    return root / "locks"


def own_matrices(root: Path) -> Path:
    """The folder of the rows and recorded indexes of the project's own; it need not be there."""
    return root / "matrices"


def open_matrices(root: Path) -> Matrices:
    """The rows that come along, and over them the project's own."""
    return load_matrices(own_matrices(root))


def snapshot_dir(root: Path) -> Path:
    """The recorded indexes: the project's own where `interlock refresh` made some, else those that come along."""
    own = own_matrices(root) / "snapshot"
    return own if (own / "default").is_dir() else matrices_dir() / "snapshot"


def open_facts(root: Path, *, live: bool = False) -> tuple[Matrices, Index, SnapshotIndex]:
    """The matrices with the rows of ``root``, the index that searches use, and the snapshot itself."""
    matrices = open_matrices(root)
    snapshot = SnapshotIndex(snapshot_dir(root))
    if not live:
        return matrices, snapshot, snapshot
    return matrices, LayeredIndex(snapshot, PypiIndex()), snapshot
