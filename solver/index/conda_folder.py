"""A conda channel that lies in a folder: its repodata.json by platform, of which a package's records are read alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from solver.core import names
from solver.core.errors import IndexUnavailable

if TYPE_CHECKING:
    from rattler import RepoDataRecord, SparseRepoData

Loader = Callable[[str, str], Awaitable[Sequence["RepoDataRecord"]]]
"""Subdir and package name -> every record that a channel has of it."""


def folder_of(address: str) -> Path:
    """Where a channel at an address of a file lies."""
    return Path(url2pathname(urlsplit(address).path))


def folder_loader(channel: str, folder: Path) -> Loader:
    """The loader of a channel in ``folder``, each file of which is opened once."""
    opened: dict[str, SparseRepoData | None] = {}

    async def load(subdir: str, name: str) -> Sequence[RepoDataRecord]:
        if not opened:
            opened.update({each: _open(channel, folder, each) for each in {subdir, "noarch"}})
            if not any(opened.values()):
                raise IndexUnavailable(
                    f"channel {channel}: {folder} holds no repodata.json for {subdir} or noarch; "
                    "index the folder, and unpack repodata.json.zst where only that is there"
                )
        if subdir not in opened:
            opened[subdir] = _open(channel, folder, subdir)
        repodata = opened[subdir]
        try:
            return [] if repodata is None else repodata.load_records(name)
        except Exception as error:  # what py-rattler trips over in a foreign file is no fault of ours
            place = folder / subdir / "repodata.json"
            raise IndexUnavailable(f"channel {channel}: {place} has no records of {name}: {_said(error)}") from error

    return load


def _open(channel: str, folder: Path, subdir: str) -> SparseRepoData | None:
    from rattler import Channel, SparseRepoData

    path = folder / subdir / "repodata.json"
    if not path.is_file():
        return None
    try:
        return SparseRepoData(Channel(folder.as_uri()), subdir, path)
    except Exception as error:
        raise IndexUnavailable(f"channel {channel}: {path} is no repodata: {_said(error)}") from error


def _said(error: Exception) -> str:
    return names.brief(names.one_line(str(error)))
