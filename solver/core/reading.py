"""Read whole files that somebody else wrote, up to a size: what is larger, or no text, ends in a sentence."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from solver.core.errors import BadInput

LARGEST = 16 * 2**20
"""Bytes; ten times the largest locks that are known."""
LARGEST_RECORD = 256 * 2**20
"""Bytes of what lists the files of one package, or the packages of one channel."""
_END = 2**20


def read_bytes(
    path: Path,
    file: str | Path | None = None,
    *,
    missing: str = "there is no such file",
    fix: str | None = None,
    largest: int = LARGEST,
) -> bytes:
    """What stands in the file at ``path``, which errors call ``file``.

    Raises ``BadInput`` where it is missing, which ``missing`` tells, cannot be read, exceeds ``largest`` bytes, or is a
    pipe out of which nothing comes: that is no empty file.
    """
    file = path if file is None else file
    try:
        # One that is no plain file, such as a pipe or a device, does not tell its size.
        with open(path, "rb", opener=_open_at_once) as stream:
            content = stream.read(largest + 1)
            is_silent = not content and stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except FileNotFoundError:
        raise BadInput(missing, file=file) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=file, fix=fix) from None
    except ValueError:  # a name with NUL in it
        raise BadInput("cannot be read: no file can have this name", file=file) from None
    if is_silent:
        raise BadInput("is a pipe into which nobody writes", file=file, fix=fix or "start what writes into it first")
    refuse_large(len(content), file, largest)
    return content


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; of a pipe that nobody writes into nothing is read, where opening it would wait for ever."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if sys.platform != "win32":
        os.set_blocking(descriptor, True)
    return descriptor


def end_of(path: Path) -> str:
    """The last MiB of a log, which may have any size and hold anything, as text."""
    with path.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _END))
        return stream.read(_END).decode("utf-8", "replace")


def read_text(
    path: Path, file: str | Path | None = None, *, missing: str = "there is no such file", fix: str | None = None
) -> str:
    """Like ``read_bytes``, as UTF-8 text without a byte order mark and with "\\n" at the end of lines.

    ``fix`` says what to do where it is no text.
    """
    return decoded(read_bytes(path, file, missing=missing), path if file is None else file, fix=fix)


def decoded(content: bytes, file: str | Path, *, fix: str | None = None) -> str:
    """``content`` as UTF-8 text; raises ``BadInput`` with the line of what is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind a byte order mark.
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 text: byte {error.start} cannot be read"
        raise BadInput(problem, file=file, line=line, fix=fix) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refuse_large(size: int, file: str | Path, largest: int = LARGEST) -> None:
    """Raises ``BadInput`` for more than ``largest`` bytes."""
    if size > largest:
        raise BadInput(f"is larger than {largest >> 20} MiB, which no lock or list is", file=file)
