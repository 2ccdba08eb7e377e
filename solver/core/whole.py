"""Files and folders written whole or not at all: beside their place, and renamed.

What a kill leaves behind begins with a dot and ends in ``.part``: no reader takes it for a file of ours.
"""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from solver.core import reading
from solver.core.errors import BadInput
from solver.core.exchange import exchange, one_writer, only_holder, sync_folder

_PART = ".part"
_BESIDE = rf"\.[0-9a-f]{{16}}{re.escape(_PART)}"
"""How the names end under which single files are written."""
_KEPT = 64
"""Letters of a file's name in that under which it is written."""
_NEW, _OLD = ".new-", f".old{_PART}"


def write_folder(
    folder: Path, files: Mapping[str, bytes], keep: Sequence[str] = (), derived: Sequence[str] = ()
) -> bool:
    """Make ``folder`` hold exactly ``files``, and what of it ``keep`` (name prefixes) covers.

    ``derived`` (name prefixes) stays only where nothing else changes: it was made of the old files.
    The new folder is built beside the old one and takes its place by exchanging their names, so that
    a reader sees the old lock or the new one; one process writes at a time. A link is followed.
    Returns False where nothing would change. Raises ``BadInput`` where something else has the name.
    """
    folder = _followed(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with one_writer(folder.parent):
        _recover(folder)
        if not differing(folder, files, (*keep, *derived)):
            return False
        staying = {name: path for name, path in _present(folder).items() if name.startswith(tuple(keep))}
        with _named(folder):
            _replace(folder, {**files, **{name: _own_bytes(path) for name, path in staying.items()}})
    return True


def recover(parent: Path) -> None:
    """Put back what a kill left under another name, of every folder that ``write_folder`` keeps in ``parent``."""
    for old in parent.glob(f".*{_OLD}"):
        with one_writer(parent):
            _recover(parent / old.name[1:].removesuffix(_OLD))


def put_whole(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write one file whole or not at all, its folder made where there is none; text as UTF-8.

    ``durable``: on the disk before it takes its name, so that not even a loss of power leaves an
    empty file in its place. Caches, whose readers take what is broken for absent, do without.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        _put_beside(path, data, durable)
    except FileNotFoundError:
        # Somebody who cleans up took it for unfinished in the moment before it was held.
        _put_beside(path, data, durable)


def _put_beside(path: Path, data: bytes, durable: bool) -> None:
    temporary = path.with_name(f".{path.name[:_KEPT]}.{os.urandom(8).hex()}{_PART}")
    try:
        # "x": a name of nobody else's, also where several write at once.
        with _named(path), temporary.open("xb") as out, only_holder(temporary):
            out.write(data)
            out.flush()
            if durable:
                os.fsync(out.fileno())
            out.close()  # or Windows would not have its name changed
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_unfinished(path: Path) -> None:
    """Remove what kills left of writes of ``path``: what nobody holds, nobody writes any more."""
    unfinished = re.compile(rf"\.{re.escape(path.name[:_KEPT])}{_BESIDE}")
    with suppress(OSError):
        _remove_free(each for each in path.parent.iterdir() if unfinished.fullmatch(each.name))


def clear_unfinished(folder: Path) -> None:
    """Remove what kills left anywhere below ``folder`` of writes of one file, whether or not it is written again."""
    unfinished = re.compile(rf"\..+{_BESIDE}")
    with suppress(OSError):
        _remove_free(each for each in folder.rglob(f".*{_PART}") if unfinished.fullmatch(each.name))


def _remove_free(leftovers: Iterable[Path]) -> None:
    for leftover in list(leftovers):
        with only_holder(leftover) as hold:
            if hold.alone:
                leftover.unlink()


@contextmanager
def _named(place: Path) -> Iterator[None]:
    """Have an error of the system that names no file, as that of a write, name ``place``."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(place)
        raise


def _present(folder: Path) -> dict[str, Path]:
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    for path in (folder, *paths):
        if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            # What lies in there would be taken for absent, and be gone with the old folder.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    files = [path for path in paths if path.is_file()]
    return {path.relative_to(folder).as_posix(): path for path in files}


def _own_bytes(path: Path) -> bytes:
    if path.is_symlink():
        # Copied, whatever it leads to would stand in a folder that people commit.
        raise BadInput("is a link, and only files are kept", file=path, fix="put the file itself there, or remove it")
    return reading.read_bytes(path, fix="move it away")


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def _followed(folder: Path) -> Path:
    """``folder``, or where a link leads: a link is never replaced by a folder."""
    if folder.is_symlink() and not folder.exists():
        raise BadInput("is a link that leads nowhere", file=folder, fix="remove it, or make the folder it leads to")
    if folder.exists() and not folder.is_dir():
        raise BadInput("is no folder", file=folder, fix="move it away")
    return folder.resolve()


def differing(folder: Path, files: Mapping[str, bytes], beside: Sequence[str] = ()) -> list[str]:
    """Names of what lies in ``folder`` otherwise than in ``files``, less what begins with one of ``beside``."""
    present = _present(folder)
    return sorted(
        name
        for name in {*present, *files}
        if not name.startswith(tuple(beside))
        and (name not in present or name not in files or not has_content(present[name], files[name]))
    )


def has_content(path: Path, content: bytes) -> bool:
    """Whether a file is there that holds exactly ``content``; one of another size is not read."""
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Build the folder beside its place and let it take that."""
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_NEW}", suffix=_PART, dir=folder.parent))
    try:
        for name, content in files.items():
            _put(building / name, content)
        building.chmod(0o755)
        for path in [*building.rglob("*/"), building]:
            sync_folder(path)
        _swap(building, folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _swap(new: Path, place: Path) -> None:
    """``new`` takes the name ``place``; what was there before may lie under the name of ``new`` afterwards."""
    if not place.exists():
        new.rename(place)
        return
    if exchange(new, place):
        return
    # Between the two renames nothing has the name; whoever comes next finds the old folder by this one.
    old = place.with_name(f".{place.name}{_OLD}")
    place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old)


def _recover(folder: Path) -> None:
    """What a kill left of ``folder``: the old one comes back where no new one took its place; the rest goes."""
    old = folder.with_name(f".{folder.name}{_OLD}")
    if old.is_dir() and not folder.exists():
        old.rename(folder)
    unfinished = folder.parent.glob(f".{glob.escape(folder.name)}{_NEW}*{_PART}")
    for leftover in (old, *(path for path in unfinished if not path.name.endswith(_OLD))):
        shutil.rmtree(leftover, ignore_errors=True)
