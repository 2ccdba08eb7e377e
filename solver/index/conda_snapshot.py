"""The recorded conda channels: ``matrices/snapshot/conda/<channel>/<subdir>.jsonl``.

The first line of a file is its header::

    {"version":1,"channel":"conda-forge","address":"https://conda.anaconda.org/conda-forge",
     "subdir":"noarch","held":"what the shipped profiles can reach"}

and each further line is one package, by file name; name, version and build are read
out of that name, and so is the build number unless it says otherwise::

    {"file":"wheel-0.45.1-pyhd8ed1ab_1.conda","sha256":"…","md5":"…","size":62931,
     "depends":["python >=3.9"],"noarch":"python","license":"MIT","timestamp":1733231326287}

``"inferred":true`` marks what nobody read from a channel. The same records give the
same bytes in whatever order they come.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from solver.core import names, reading
from solver.core.errors import BadInput, NotRecorded
from solver.core.model import FORMAT_VERSION, Digest, Md5, Platform
from solver.core.scratch import scratch_folder
from solver.core.whole import put_whole
from solver.index.conda import ChannelRecords, in_priority
from solver.index.conda_config import CondaSettings, without_credentials
from solver.index.conda_folder import Loader
from solver.index.conda_record import CondaRecord, by_name_and_build, repodata_fields, split_archive_name
from solver.index.conda_spec import build_number

if TYPE_CHECKING:
    from rattler import RepoDataRecord

FOLDER = "conda"
"""Below the snapshot's folder."""
_LONGEST_FOLDER = 200
"""Letters."""
_CURE = "record it anew with `nox -s refresh`"


class ChannelHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """First line of a file."""

    version: int
    channel: str
    address: str
    subdir: str
    extent: str = msgspec.field(name="held")
    """Which packages were recorded, in words."""
    sources: tuple[str, ...] = ()
    """Addresses of public lock files that state packages here of which no channel was asked."""


class RecordLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One package; defaults are left out. None: the channel does not tell it."""

    file: str
    sha256: Digest
    md5: Md5 | None = None
    size: int | None = None
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    noarch: str | None = None
    license: str | None = None
    timestamp: int | None = None
    build_number: int | None = None
    track_features: tuple[str, ...] = ()
    python_site_packages_path: str | None = None
    inferred: bool = False


@dataclass(frozen=True)
class CondaSnapshot:
    """The recorded part of conda's channels, as a ``CondaSource``."""

    root: Path
    """The snapshot's folder, which holds ``conda/``."""
    channels: tuple[str, ...] = ("conda-forge",)
    own: Path | None = None
    """A project's own snapshot, which goes before the same archives under ``root``; None: it has none."""
    kept: Path | None = None
    """What locks rest on and neither of both holds so, which goes before ``root`` and its guesses; None: nothing."""
    partial: bool = True
    _read: dict[Path, Sequence[CondaRecord]] = field(default_factory=dict, repr=False, compare=False)

    def opened(self, platform: Platform) -> Sequence[ChannelRecords]:
        """The channels; raises ``NotRecorded`` for one that the snapshot has not."""
        return in_priority(self._channel(channel, platform) for channel in self.channels)

    def records(self, channel: str, subdir: str) -> Sequence[CondaRecord]:
        """Everything recorded of a subdir; empty where nothing is."""
        path = Path(FOLDER, channel_folder(channel), f"{subdir}.jsonl")
        if path not in self._read:
            own, kept, shipped = (_records_of(root, path) for root in (self.own, self.kept, self.root))
            # Of one channel is what has one address: who takes a mirror for it has kept nothing of this one.
            first = next((record for record in (*own, *shipped, *kept)), None)
            self._read[path] = () if first is None else _merged((*own, *kept, *shipped), first.channel)
        return self._read[path]

    def covers(self, channel: str, platform: Platform) -> bool:
        """Whether the channel was recorded for a platform, and were it that it holds nothing for it."""
        path = Path(FOLDER, channel_folder(channel), f"{platform}.jsonl")
        return any(root is not None and (root / path).is_file() for root in (self.own, self.kept, self.root))

    def knows(self, channel: str) -> bool:
        """Whether anything was recorded of the channel, be it for another platform."""
        folders = (root / FOLDER / channel_folder(channel) for root in (self.own, self.kept, self.root) if root)
        return any(True for folder in folders for _ in folder.glob("*.jsonl"))

    def _channel(self, channel: str, platform: Platform) -> ChannelRecords:
        records = [record for subdir in (platform, "noarch") for record in self.records(channel, subdir)]
        # What serves every platform was recorded on the way to some other one.
        if not self.covers(channel, platform):
            raise NotRecorded(channel, nothing_of(platform))
        return ChannelRecords(
            name=channel,
            address=records[0].channel if records else CondaSettings().address(channel),
            loader=_record_loader(records),
            subdirs=(platform, "noarch"),
            inferred=frozenset(f"{r.subdir}/{r.filename}" for r in records if r.inferred),
        )


def nothing_of(platform: Platform) -> str:
    """What is held of a channel of which nothing is, as sentences say it."""
    return f"nothing for {platform} of this channel"


def _records_of(root: Path | None, path: Path) -> Sequence[CondaRecord]:
    return read_records(root / path) if root is not None and (root / path).is_file() else ()


def _merged(records: Iterable[CondaRecord], address: str) -> Sequence[CondaRecord]:
    """Each archive of the channel at ``address`` once, as the first record of it says."""
    by_file: dict[str, CondaRecord] = {}
    for record in records:
        if record.channel == address:
            by_file.setdefault(record.filename, record)
    return tuple(by_file.values())


def read_records(path: Path) -> tuple[CondaRecord, ...]:
    """The packages of one file; raises ``BadInput`` with the line that cannot be used."""
    return _records_in(reading.read_bytes(path, largest=reading.LARGEST_RECORD), path)


@functools.lru_cache(maxsize=8)
def _records_in(content: bytes, path: Path) -> tuple[CondaRecord, ...]:
    """As ``read_records``, of what the file holds: one process asks the same channels for many profiles."""
    lines = content.splitlines()
    try:
        header = msgspec.json.decode(lines[0] if lines else b"", type=ChannelHeader)
    except msgspec.DecodeError as error:
        raise BadInput(f"is no recorded channel: {error}", file=path, line=1, fix=_CURE) from None
    if header.version != FORMAT_VERSION:
        raise BadInput(
            f"expected format version {FORMAT_VERSION}, found {header.version}", file=path, line=1, fix=_CURE
        )
    if not (names.is_plain_channel(header.channel) or "://" in header.channel):
        raise BadInput(f"{names.shown(header.channel)} is no channel's name or address", file=path, line=1, fix=_CURE)
    if (channel_folder(header.channel), header.subdir) != (_folder_of_file(path), path.stem):
        raise BadInput(
            f"the header is of {names.one_line(header.channel)}, {names.one_line(header.subdir)}",
            file=path,
            line=1,
            fix="name the file after the platform and its folder after the channel",
        )
    decoder = msgspec.json.Decoder(RecordLine)
    records = []
    for number, text in enumerate(lines[1:], start=2):
        try:
            records.append(from_line(decoder.decode(text), header.address, header.subdir))
        except (msgspec.DecodeError, ValueError) as error:
            raise BadInput(f"is no recorded package: {error}", file=path, line=number, fix=_CURE) from None
    return tuple(records)


def recorded_as(channel: str) -> str:
    """What a record calls ``channel``: its name, or its address without credentials, be it a folder here."""
    return channel if names.is_plain_channel(channel) else without_credentials(channel)


def channel_folder(channel: str) -> str:
    """Where below ``conda/`` the record of ``channel`` lies: by its name, or by its address, made one word."""
    if names.is_plain_channel(channel):
        return channel
    # An address may be longer than a file's name.
    word = quote(recorded_as(channel), safe="")
    return word if len(word) <= _LONGEST_FOLDER else hashlib.sha256(word.encode()).hexdigest()


def _folder_of_file(path: Path) -> str:
    """The folders below ``conda/`` that lead to a file of the snapshot."""
    parts = path.parent.parts
    return "/".join(parts[len(parts) - parts[::-1].index(FOLDER) :]) if FOLDER in parts else path.parent.name


def write_records(
    root: Path, channel: str, records: Iterable[CondaRecord], extent: str, platforms: Iterable[Platform] = ()
) -> list[Path]:
    """Replace what the snapshot at ``root`` holds of ``channel``; returns the files written.

    ``extent`` says in words which packages these are; of ``platforms`` there is a file, be it without any.
    Each file is written whole.
    """
    channel = recorded_as(channel)
    by_subdir: dict[str, list[CondaRecord]] = {platform: [] for platform in sorted(platforms)}
    for record in by_name_and_build(records):
        by_subdir.setdefault(record.subdir, []).append(record)
    folder = root / FOLDER / channel_folder(channel)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for subdir, some in by_subdir.items():
        address = some[0].channel if some else CondaSettings().address(channel)
        header = ChannelHeader(version=FORMAT_VERSION, channel=channel, address=address, subdir=subdir, extent=extent)
        lines = [msgspec.json.encode(header), *(msgspec.json.encode(to_line(record)) for record in some)]
        path = folder / f"{subdir}.jsonl"
        put_whole(path, b"\n".join(lines) + b"\n")
        written.append(path)
    for path in folder.glob("*.jsonl"):
        if path not in written:
            path.unlink()
    return written


def to_line(record: CondaRecord) -> RecordLine:
    """``record`` as the snapshot and solution.yaml hold it."""
    fields: dict[str, Any] = {
        name: getattr(record, name) for name in RecordLine.__struct_fields__ if name not in ("file", "build_number")
    }
    implied = build_number(record.build)
    return RecordLine(
        file=record.filename,
        build_number=None if record.build_number == implied else record.build_number,
        **fields,
    )


def from_line(line: RecordLine, channel: str, subdir: str) -> CondaRecord:
    """The record of a line; raises ``ValueError`` where its file name is no conda archive's."""
    name, version, build = split_archive_name(line.file)
    if line.noarch not in (None, "python", "generic"):
        raise ValueError(f"{line.noarch!r} is no kind of noarch")
    return CondaRecord(
        name=name,
        version=version,
        build=build,
        build_number=build_number(build) if line.build_number is None else line.build_number,
        subdir=subdir,
        channel=channel,
        filename=line.file,
        sha256=line.sha256,
        md5=line.md5,
        size=line.size,
        depends=line.depends,
        constrains=line.constrains,
        noarch=line.noarch,  # type: ignore[arg-type]  # checked above
        license=line.license,
        timestamp=line.timestamp,
        track_features=line.track_features,
        python_site_packages_path=line.python_site_packages_path,
        inferred=line.inferred,
    )


def _record_loader(records: Sequence[CondaRecord]) -> Loader:
    loaded: dict[tuple[str, str], list[RepoDataRecord]] = {}

    async def load(subdir: str, name: str) -> Sequence[RepoDataRecord]:
        if not loaded:
            for each in {record.subdir for record in records}:
                of_subdir = tuple(record for record in records if record.subdir == each)
                for record in _as_rattler(of_subdir, each):
                    loaded.setdefault((each, record.name.normalized), []).append(record)
        return loaded.get((subdir, name), [])

    return load


@functools.lru_cache(maxsize=8)
def _as_rattler(records: tuple[CondaRecord, ...], subdir: str) -> Sequence[RepoDataRecord]:
    """``records`` of one subdir; py-rattler makes them only out of a repodata file, many times faster than singly."""
    from rattler import Channel, PackageFormatSelection, SparseRepoData

    packages: dict[str, dict[str, Any]] = {"packages": {}, "packages.conda": {}}
    for record in records:
        kind = "packages.conda" if record.filename.endswith(".conda") else "packages"
        packages[kind][record.filename] = repodata_fields(record)
    with scratch_folder() as folder:
        path = folder / "repodata.json"
        path.write_text(json.dumps({"info": {"subdir": subdir}, **packages}))
        repodata = SparseRepoData(Channel(records[0].channel), subdir, path)
        loaded = repodata.load_all_records(PackageFormatSelection.PREFER_CONDA)
        repodata.close()
    return loaded
