"""What an index told of a file, kept for the user by the file's sha256 and name, which never change."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from solver.core import names, reading
from solver.core.errors import BadInput
from solver.core.model import IndexFile
from solver.core.vouched import vouched, vouching
from solver.core.whole import put_whole


class FileCache:
    """One small file for each file of an index, below a folder for what is kept of it (``part``).

    What one index told is never believed of another: ``index`` is the address of
    the one that is asked. A listing could otherwise name another wheel's hash and
    so give that wheel what it likes. No file of it is larger than ``largest`` bytes.
    """

    def __init__(self, folder: Path, part: str, index: str, largest: int = reading.LARGEST) -> None:
        self.largest = largest
        self.folder = folder / part / hashlib.sha256(index.encode()).hexdigest()[:16]

    def get(self, file: IndexFile) -> bytes:
        """What was kept of ``file``, which has a sha256; empty where nothing was, or it was changed."""
        try:
            return vouched(reading.read_bytes(self._path(file), largest=self.largest))
        except BadInput:
            return b""

    def put(self, file: IndexFile, value: bytes) -> None:
        """Keep ``value``; a cache that cannot be written is none, and no error."""
        with contextlib.suppress(OSError):
            put_whole(self._path(file), vouching(value), durable=False)

    def _path(self, file: IndexFile) -> Path:
        digest = names.sha256(file.sha256)
        return self.folder / digest[:2] / digest / names.file_name(file.filename)
