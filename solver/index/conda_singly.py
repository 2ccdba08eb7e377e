"""The records of one package each by itself: where one cannot be read, py-rattler gives none of the package.

A channel tells them in a repodata.json or, by package, in a shard (CEP 16), which is msgpack.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from solver.core import names
from solver.core.scratch import scratch_folder

if TYPE_CHECKING:
    from rattler import RepoDataRecord, SparseRepoData

REPODATA = "repodata.json"
LARGEST = 2**30
"""Bytes of one file that is read as a whole; conda-forge's repodata.json has a third of that."""
Unread = Callable[[str, str], None]
"""Called with the name of a package, and one sentence that says which record of it cannot be read and why."""
_OLDER, _NEWER = ".tar.bz2", ".conda"
"""Of the two archives of one build the newer is meant."""


class Sections(msgspec.Struct):
    """What a channel says of its archives, by their names: each record as it stands there."""

    archives: dict[str, msgspec.Raw] = msgspec.field(name="packages", default_factory=dict)
    conda: dict[str, msgspec.Raw] = msgspec.field(name="packages.conda", default_factory=dict)
    removed: list[str] = []
    """Names of archives that are gone."""

    def of(self, name: str) -> dict[str, msgspec.Raw]:
        """The records of the package called ``name``."""
        both = (*self.archives.items(), *self.conda.items())
        removed = set(self.removed)
        return {file: fields for file, fields in both if file.rsplit("-", 2)[0] == name and file not in removed}


def of_json(content: bytes) -> Sections:
    """What a repodata.json holds; raises ``msgspec.MsgspecError`` where it is none."""
    return msgspec.json.decode(content, type=Sections)


def of_shard(content: bytes) -> Sections:
    """What a shard holds, as a repodata.json would; raises ``msgspec.MsgspecError`` where it is none."""
    shard = msgspec.msgpack.decode(content, type=Sections)
    for section in (shard.archives, shard.conda):
        section.update({file: msgspec.Raw(_as_json(fields)) for file, fields in section.items()})
    return shard


def _as_json(fields: msgspec.Raw) -> bytes:
    try:
        decoded = msgspec.msgpack.decode(fields)
        if isinstance(decoded, dict):  # shards hold hashes as bytes
            decoded = {key: value.hex() if isinstance(value, bytes) else value for key, value in decoded.items()}
        return msgspec.json.encode(decoded)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        return b"null"  # which is no record either


def singly(sections: Sections, channel: str, subdir: str, name: str, unread: Unread) -> list[RepoDataRecord]:
    """The records that ``channel`` has of ``name`` and that can be read.

    ``unread`` is told of each other by the package's name, in one sentence which it is and why.
    """
    readable: dict[str, list[RepoDataRecord]] = {}
    with scratch_folder() as place:
        (place / subdir).mkdir()
        for file, fields in sections.of(name).items():
            kind = "packages.conda" if file.endswith(_NEWER) else "packages"
            (place / subdir / REPODATA).write_bytes(msgspec.json.encode({kind: {file: fields}}))
            try:
                readable[file] = repodata_in(place, subdir).load_records(name)
            except Exception as error:  # what py-rattler trips over in a foreign record is no fault of ours
                unread(name, f"{names.shown(file)} of channel {channel} may not be chosen: {said(error)}")
    newer = {file.removesuffix(_NEWER) + _OLDER for file in readable if file.endswith(_NEWER)}
    return [record for file, records in readable.items() if file not in newer for record in records]


def repodata_in(folder: Path, subdir: str) -> SparseRepoData:
    """The repodata of one subdir of a channel in ``folder``; py-rattler raises whatever it likes."""
    from rattler import Channel, SparseRepoData

    return SparseRepoData(Channel(folder.as_uri()), subdir, folder / subdir / REPODATA)


def said(error: Exception) -> str:
    """What py-rattler says, in one line."""
    return names.brief(names.one_line(str(error)))
