"""Where files of an index lie, by their sha256: what the index once told, kept for the user."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from solver.core import names, reading
from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.model import IndexFile
from solver.core.vouched import vouched, vouching
from solver.core.whole import put_whole


class AddressCache:
    """Addresses by the sha256 and the name of the file, which never changes; one small file each.

    What one index told is never believed of another: ``index`` is the address of the one that is asked.
    """

    def __init__(self, folder: Path, index: str) -> None:
        self.folder = folder / "addresses" / hashlib.sha256(index.encode()).hexdigest()[:16]

    def get(self, file: IndexFile) -> str | None:
        """The address of ``file``; None where none was kept, or what was kept was changed."""
        if isinstance(file.sha256, NotKnown):
            return None
        try:
            return names.web_address(vouched(reading.read_bytes(self._path(file))).decode())
        except (BadInput, names.BadName, UnicodeDecodeError):
            return None

    def put(self, file: IndexFile, address: str) -> None:
        """Keep ``address``, which holds nothing secret; a cache that cannot be written is none, and no error."""
        if not isinstance(file.sha256, NotKnown):
            with contextlib.suppress(OSError):
                put_whole(self._path(file), vouching(address.encode()), durable=False)

    def _path(self, file: IndexFile) -> Path:
        digest = names.sha256(file.sha256)
        return self.folder / digest[:2] / digest / names.file_name(file.filename)
