"""Folders that are of use only while a process runs: gone with it or, after a kill, when the next one is made.

Whoever uses one holds a lock on the folder itself, which a kill lets go of; so what nobody holds belongs to nobody.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".interlock-incomplete"
"""In an installed prefix: it is being built, or was never finished; its own path stands in it."""
_START, _END = "interlock-", ".part"
_OURS = re.compile(rf"\.?{_START}[a-z0-9_]{{8}}{re.escape(_END)}")
"""Nobody else's name: a user may have a folder interlock-project."""


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder of one's own in ``parent`` (None: the system's place for such), removed in the end.

    What killed processes of this user left there goes first. In a ``parent`` of the user's the name is a hidden one.
    """
    place, start = (Path(tempfile.gettempdir()), _START) if parent is None else (parent, f".{_START}")
    _clear(place)
    folder, descriptor = _own(place, start)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _own(place: Path, start: str) -> tuple[Path, int | None]:
    """A new folder, and what holds it (None: on Windows nothing does, and nothing is cleared)."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=start, suffix=_END, dir=place))
        if sys.platform == "win32":
            return folder, None
        import fcntl

        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # another process took it for left behind before it was open
            continue
        # A network file system may lock no folder: there nobody can find one free, and none is cleared.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists():
            return folder, descriptor
        os.close(descriptor)  # or before it was held


def _clear(place: Path) -> None:
    """Remove what killed processes of this user left in ``place``."""
    if sys.platform == "win32":
        return
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _OURS.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_free(Path(entry.path))


def _remove_free(folder: Path) -> None:
    """Remove a folder of this user that nobody holds; raises ``OSError`` where it is held, or cannot be."""
    import fcntl

    # Of a link that took its name meanwhile nothing is opened, and rmtree follows none.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)
