"""Files and folders written whole or not at all: beside their place, and renamed.

What a kill leaves behind begins with a dot and ends in ``.part``: no reader takes it for a file of ours.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_folder(
    folder: Path, files: Mapping[str, bytes], keep: Sequence[str] = (), derived: Sequence[str] = ()
) -> bool:
    """Make ``folder`` hold exactly ``files``, and what of it ``keep`` (name prefixes) covers.

    ``derived`` (name prefixes) stays only where nothing else changes: it was made of the old files.
    The new folder is built beside the old one and takes its place by renaming, so that
    a reader sees the old lock or the new one. Returns False where nothing would change.
    """
    staying = {name: path for name, path in _present(folder).items() if name.startswith(tuple(keep))}
    beside = (*keep, *derived)
    present = {name: path for name, path in _present(folder).items() if not name.startswith(beside)}
    if set(present) == set(files) and all(present[name].read_bytes() == files[name] for name in files):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        for name, content in files.items():
            _put(building / name, content)
        for name, path in staying.items():
            _put(building / name, path.read_bytes())
        building.chmod(0o755)
        _swap(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return True


def put_whole(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write one file whole or not at all, its folder made where there is none; text as UTF-8.

    ``durable``: on the disk before it takes its name, so that not even a loss of power leaves an
    empty file in its place. Caches, whose readers take what is broken for absent, do without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name[:64]}.{os.urandom(8).hex()}.part")
    try:
        # "x": a name of nobody else's, also where several write at once.
        with temporary.open("xb") as out:
            out.write(content.encode() if isinstance(content, str) else content)
            out.flush()
            if durable:
                os.fsync(out.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _present(folder: Path) -> dict[str, Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return {path.relative_to(folder).as_posix(): path for path in files}


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _swap(new: Path, place: Path) -> None:
    if not place.exists():
        new.rename(place)
        return
    old = place.with_name(f".{place.name}.old-{os.getpid()}")
    place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old)
