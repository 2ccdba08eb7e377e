"""Where files of an index lie: what the index once told, kept for the user."""

from __future__ import annotations

from pathlib import Path

from solver.core import names
from solver.core.model import IndexFile
from solver.index.file_cache import FileCache


class AddressCache:
    """Addresses of files, as one index told them."""

    def __init__(self, folder: Path, index: str) -> None:
        self._files = FileCache(folder, "addresses", index)

    def get(self, file: IndexFile) -> str | None:
        """The address of ``file``; None where none was kept, or what was kept was changed."""
        try:
            return names.web_address(self._files.get(file).decode()) if isinstance(file.sha256, str) else None
        except (names.BadName, UnicodeDecodeError):
            return None

    def put(self, file: IndexFile, address: str) -> None:
        """Keep ``address``, which holds nothing secret; a cache that cannot be written is none, and no error."""
        if isinstance(file.sha256, str):
            self._files.put(file, address.encode())
