"""A conda channel that lies in a folder: its repodata.json by platform, of which a package's records are read alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from solver.core import reading
from solver.core.errors import BadInput, IndexUnavailable
from solver.index.conda_singly import LARGEST, REPODATA, Sections, Unread, of_json, repodata_in, said, singly

if TYPE_CHECKING:
    from rattler import RepoDataRecord, SparseRepoData

Loader = Callable[[str, str], Awaitable[Sequence["RepoDataRecord"]]]
"""Subdir and package name -> every record that a channel has of it."""


def folder_of(address: str) -> Path:
    """Where a channel at an address of a file lies."""
    return Path(url2pathname(urlsplit(address).path))


def folder_loader(channel: str, folder: Path, unread: Unread) -> Loader:
    """The loader of a channel in ``folder``, each file of which is opened once.

    ``unread`` is told of each record that cannot be read, by the package's name and what is wrong; the others are.
    """
    files: dict[str, SparseRepoData | Sections | None] = {}

    async def load(subdir: str, name: str) -> Sequence[RepoDataRecord]:
        if not files:
            files.update({each: _open(channel, folder, each) for each in {subdir, "noarch"}})
            if not any(files.values()):
                raise IndexUnavailable(
                    f"channel {channel}: {folder} holds no repodata.json for {subdir} or noarch; "
                    "index the folder, and unpack repodata.json.zst where only that is there"
                )
        if subdir not in files:
            files[subdir] = _open(channel, folder, subdir)
        repodata = files[subdir]
        if isinstance(repodata, Sections):
            return singly(repodata, channel, subdir, name, unread)
        try:
            return [] if repodata is None else repodata.load_records(name)
        except Exception as error:  # one record that cannot be read is enough for py-rattler to give none
            place = folder / subdir / REPODATA
            sections = _sections(place)
            if sections is None:
                raise IndexUnavailable(f"channel {channel}: {place} has no records of {name}: {said(error)}") from None
            return singly(sections, channel, subdir, name, unread)

    return load


def _open(channel: str, folder: Path, subdir: str) -> SparseRepoData | Sections | None:
    path = folder / subdir / REPODATA
    if not path.is_file():
        return None
    try:
        return repodata_in(folder, subdir)
    except Exception as error:  # a name that no archive has is enough
        sections = _sections(path)
        if sections is None:
            raise IndexUnavailable(f"channel {channel}: {path} is no repodata: {said(error)}") from error
        return sections


def _sections(path: Path) -> Sections | None:
    """The records in a file each by itself; None: it is no repodata."""
    try:
        return of_json(reading.read_bytes(path, largest=LARGEST))
    except (BadInput, msgspec.MsgspecError):
        return None
