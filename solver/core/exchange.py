"""Two folders change names at one instant, where the system can do that; and one writer at a time."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux' renameat2(2), and RENAME_SWAP of macOS' renamex_np(2)."""
_MOMENT = 0.05
"""Seconds between two looks whether a file is free."""


def exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders; nobody ever sees one of them missing.

    False where the system or the file system cannot: nothing was done then.
    """
    if sys.platform == "win32":
        return False
    libc, names = ctypes.CDLL(None), (os.fsencode(one), os.fsencode(other))
    if hasattr(libc, "renameat2"):
        return bool(libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)
    if hasattr(libc, "renamex_np"):
        return bool(libc.renamex_np(*names, _EXCHANGE) == 0)
    return False


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on the disk; a system that has no such thing does it by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system that knows no such thing says EINVAL
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """While it lasts no other process is here for the same ``folder``; waits until it is free.

    The folder itself is locked, so that no file is left in it; a kill frees it. Windows and some
    network file systems lock no folder: there nobody waits.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # A network file system may lock no folder (NFS: EBADF); better two writers than none.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Hold:
    """What became of holding a file."""

    alone: bool
    """Whether nobody else holds it."""
    descriptors: tuple[int, ...] = ()
    """For ``pass_fds`` of a child process: the file is held until that ends, too, also where this one is killed."""


@contextmanager
def only_holder(file: Path, patience: float = 0.0) -> Iterator[Hold]:
    """Hold ``file``, for which ``patience`` seconds are waited. A kill lets go of it, when its children have ended too.

    Where nothing can be held, nobody else does. A link is not followed.
    """
    if sys.platform == "win32":
        yield Hold(alone=True)
        return
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        until = time.monotonic() + patience
        while not (alone := _is_locked(descriptor)) and time.monotonic() < until:
            time.sleep(_MOMENT)
        yield Hold(alone, (descriptor,))
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    """Whether nobody else holds the file, which is held from now on."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a network file system that holds nothing
    return True
