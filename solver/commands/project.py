"""A user's project opened: its request, the matrices with its own rows, and the indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from msgspec import structs

from solver.core.errors import BadInput
from solver.core.indexes import Bindings
from solver.core.model import Profile, Request
from solver.core.names import brief
from solver.core.reading import read_text
from solver.core.whole import recover
from solver.core.yamlfile import parse_yaml
from solver.index import Index
from solver.index.condarc import read_settings
from solver.index.layered import LayeredIndex, Watch
from solver.index.private import LiveIndexes
from solver.index.snapshot import Kept, SnapshotIndex
from solver.lock.folder import lock_folders
from solver.matrix.load import Matrices, load_matrices, matrices_dir
from solver.request.indexes import read_bindings
from solver.request.loader import without_loader
from solver.request.read import read_request
from solver.request.sources import find_source
from solver.solve.conda.settled import SettledRecords
from solver.solve.search import Settled
from solver.solve.space.packages import Spaces

REQUEST_FILE = "environment.yml.in"


class Reach(Enum):
    """What the indexes are asked for."""

    RECORD = "nothing"
    LACKING = "what the record lacks"
    NEWER = "what the record lacks, and newer releases of what it holds"
    ALL = "every release"
    UPGRADE = "what the record lacks, and newer releases, while a lock keeps what it holds; no channel"


LIVE = (Reach.NEWER, Reach.ALL)
"""Where conda channels are asked, too."""


@dataclass(frozen=True)
class Project:
    """Everything that a command works on."""

    root: Path
    request: Request
    matrices: Matrices
    index: Index
    snapshot: SnapshotIndex
    spaces: Spaces
    reach: Reach = Reach.RECORD
    kept: Kept | None = None
    """What the locks to be written rest on and nobody recorded; None: what is kept stays as it is."""
    settled: Mapping[str, Settled] = field(default_factory=dict)
    """By profile, what its lock goes on to hold; the other profiles are solved for what is preferred."""
    no_loader: bool = False
    """Every profile is as if it said ``loader: none``."""
    settled_records: Mapping[str, SettledRecords] = field(default_factory=dict)
    """The same of profiles whose packages come from conda."""

    @property
    def locks(self) -> Path:
        """The folder of the locks."""
        return locks_dir(self.root)

    def chosen(self, names: Sequence[str]) -> tuple[Profile, ...]:
        """The profiles called ``names``, every one where none is named; raises ``BadInput`` where there is no such."""
        return tuple(map(self.profile, names or [profile.name for profile in self.request.profiles]))

    def profile(self, name: str) -> Profile:
        """The profile called ``name``; raises ``BadInput`` where there is none."""
        for profile in self.request.profiles:
            if profile.name == name:
                return without_loader(profile) if self.no_loader else profile
        known = brief(", ".join(profile.name for profile in self.request.profiles))
        problem, fix = f"there is no profile {name}", f"choose from {known}"
        raise BadInput(problem, file=self.request.file, key="profiles", fix=fix)


def open_project(
    root: Path, *, reach: Reach = Reach.RECORD, watch: Watch | None = None, no_loader: bool = False
) -> Project:
    """Open the project in ``root``; ``reach`` says what the indexes are asked for, ``watch`` is told of that.

    ``no_loader``: as if every profile said ``loader: none``.
    """
    root = project_root(root)
    recover(locks_dir(root))
    matrices, index, snapshot = open_facts(root, reach=reach, watch=watch)
    path = root / REQUEST_FILE
    if not path.is_file():
        source = find_source(root)
        fix = f"`interlock init` makes one{'' if source is None else f' of {source.name}'}"
        raise BadInput("there is no request here", file=REQUEST_FILE, fix=fix)
    request, spaces = _by_name(read_request(path, matrices)), Spaces(matrices, index)
    return Project(root, request, matrices, index, snapshot, spaces, reach, no_loader=no_loader)


def _by_name(request: Request) -> Request:
    """``request``, each channel by the name that conda has for it: records and locks know it by that."""
    if not any("://" in channel for profile in request.profiles for channel in profile.channels):
        return request
    settings = read_settings()
    profiles = (
        structs.replace(profile, channels=tuple(dict.fromkeys(map(settings.name_of, profile.channels))))
        for profile in request.profiles
    )
    return structs.replace(request, profiles=tuple(profiles))


def project_root(folder: Path) -> Path:
    """``folder``, or the nearest above it that holds a request, where it holds none itself; or else one with locks."""
    for is_project in (_has_request, _has_locks):
        if is_project(folder):
            return folder
        if above := next(filter(is_project, folder.resolve().parents), None):
            return above
    return folder


def profile_names(folder: Path) -> tuple[str, ...]:
    """The profiles that the request of the project around ``folder`` names; none where it cannot be read."""
    path = project_root(folder) / REQUEST_FILE
    try:
        data = parse_yaml(read_text(path), REQUEST_FILE).data
    except BadInput:
        return ()
    profiles = data.get("profiles") if isinstance(data, dict) else None
    return tuple(map(str, profiles)) if isinstance(profiles, dict) else ()


def _has_request(folder: Path) -> bool:
    return (folder / REQUEST_FILE).is_file()


def _has_locks(folder: Path) -> bool:
    return bool(lock_folders(locks_dir(folder)))


def locks_dir(root: Path) -> Path:
    """The folder of the locks of the project in ``root``."""
    return root / "locks"


def own_matrices(root: Path) -> Path:
    """The folder of the rows and recorded indexes of the project's own; it need not be there."""
    return root / "matrices"


def open_matrices(root: Path) -> Matrices:
    """The rows that come along, and over them the project's own."""
    return load_matrices(own_matrices(root))


def built_in_snapshot() -> Path:
    """The recorded indexes that come along."""
    return matrices_dir() / "snapshot"


def own_snapshot(root: Path) -> Path | None:
    """The folder of the project's own record, which need not be there; None where that is the one that comes along."""
    own = own_matrices(root) / "snapshot"
    return None if own.resolve() == built_in_snapshot().resolve() else own


def open_snapshot(root: Path, kept: Kept | None = None) -> SnapshotIndex:
    """What is recorded: the project's own facts before those that come along; ``kept`` in place of those kept there."""
    return SnapshotIndex(built_in_snapshot(), own=own_snapshot(root), kept=kept, bindings=bindings_of(root))


def bindings_of(root: Path) -> Bindings:
    """Which packages come from a private index of the request in ``root``."""
    return read_bindings(project_root(root) / REQUEST_FILE)


def open_facts(
    root: Path, *, reach: Reach = Reach.RECORD, watch: Watch | None = None
) -> tuple[Matrices, Index, SnapshotIndex]:
    """The matrices with the rows of ``root``, the index that searches use, and the snapshot itself."""
    matrices, snapshot = open_matrices(root), open_snapshot(root)
    if reach is Reach.RECORD:
        return matrices, snapshot, snapshot
    wide, whole = reach is not Reach.LACKING, reach is Reach.ALL
    index = LayeredIndex(snapshot, LiveIndexes(snapshot.bindings), wide=wide, whole=whole, watch=watch)
    return matrices, index, snapshot
