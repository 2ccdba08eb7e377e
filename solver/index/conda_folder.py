"""A conda channel that lies in a folder: its repodata.json by platform, of which a package's records are read alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from solver.core import names, reading
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.scratch import scratch_folder

if TYPE_CHECKING:
    from rattler import RepoDataRecord, SparseRepoData

Loader = Callable[[str, str], Awaitable[Sequence["RepoDataRecord"]]]
"""Subdir and package name -> every record that a channel has of it."""


_REPODATA = "repodata.json"
_MOST = 2**30
"""Bytes of a repodata.json that is read as a whole; conda-forge's has a third of that."""


class _Repodata(msgspec.Struct):
    """What is read of a repodata.json where its records are read one by one: each as it stands there."""

    archives: dict[str, msgspec.Raw] = msgspec.field(name="packages", default_factory=dict)
    conda: dict[str, msgspec.Raw] = msgspec.field(name="packages.conda", default_factory=dict)


def folder_of(address: str) -> Path:
    """Where a channel at an address of a file lies."""
    return Path(url2pathname(urlsplit(address).path))


def folder_loader(channel: str, folder: Path, unread: Callable[[str, str], None]) -> Loader:
    """The loader of a channel in ``folder``, each file of which is opened once.

    ``unread`` is told of each record that cannot be read, by the package's name and what is wrong; the others are.
    """
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
        except Exception as error:  # one record that cannot be read is enough for py-rattler to give none
            try:
                records, lost = _one_by_one(folder, subdir, name)
            except (BadInput, msgspec.MsgspecError):
                place = folder / subdir / _REPODATA
                raise IndexUnavailable(f"channel {channel}: {place} has no records of {name}: {_said(error)}") from None
            for file, problem in lost.items():
                unread(name, f"{names.shown(file)} of channel {channel} may not be chosen: {problem}")
            return records

    return load


def _one_by_one(folder: Path, subdir: str, name: str) -> tuple[list[RepoDataRecord], dict[str, str]]:
    """The records of ``name`` that can be read, and of each other what is wrong with it, by its file's name."""
    whole = msgspec.json.decode(reading.read_bytes(folder / subdir / _REPODATA, largest=_MOST), type=_Repodata)
    records: list[RepoDataRecord] = []
    lost: dict[str, str] = {}
    with scratch_folder() as place:
        (place / subdir).mkdir()
        for section, files in (("packages", whole.archives), ("packages.conda", whole.conda)):
            for file, fields in files.items():
                if file.rsplit("-", 2)[0] != name:
                    continue
                (place / subdir / _REPODATA).write_bytes(msgspec.json.encode({section: {file: fields}}))
                try:
                    records += _opened(place, subdir).load_records(name)
                except Exception as error:  # what py-rattler trips over in a foreign record is no fault of ours
                    lost[file] = _said(error)
    return records, lost


def _opened(folder: Path, subdir: str) -> SparseRepoData:
    from rattler import Channel, SparseRepoData

    return SparseRepoData(Channel(folder.as_uri()), subdir, folder / subdir / _REPODATA)


def _open(channel: str, folder: Path, subdir: str) -> SparseRepoData | None:
    path = folder / subdir / _REPODATA
    if not path.is_file():
        return None
    try:
        return _opened(folder, subdir)
    except Exception as error:
        raise IndexUnavailable(f"channel {channel}: {path} is no repodata: {_said(error)}") from error


def _said(error: Exception) -> str:
    return names.brief(names.one_line(str(error)))
