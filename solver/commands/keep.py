"""The facts that a project's locks rest on and nobody recorded: asked of the index, and kept beside the request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from solver.commands.project import LIVE, Project, built_in_snapshot, open_snapshot, own_snapshot
from solver.commands.solve import solve_profile
from solver.core.errors import InterlockError
from solver.core.model import IndexFile, Pin, Platform, Profile, PypiName, Release
from solver.core.names import is_plain_channel
from solver.index.conda_record import CondaRecord
from solver.index.conda_snapshot import FOLDER, CondaSnapshot, channel_folder, recorded_as, write_records
from solver.index.condarc import read_settings
from solver.index.layered import LayeredIndex
from solver.index.snapshot import Kept, SnapshotIndex, write_kept
from solver.index.snapshot_files import KEPT, release_line, whole
from solver.lock.folder import lock_folders, read_folder
from solver.solve.space.packages import Spaces


@dataclass(frozen=True)
class Gathered:
    """What locks are made of, when nothing more has to be asked."""

    project: Project
    """It has all facts at hand, and asks no index."""
    errors: Mapping[str, InterlockError]
    """Why there is no lock of a profile, by its name."""


def gather(project: Project, profiles: Sequence[Profile]) -> Gathered:
    """Ask the index for what the locks of ``profiles`` need and nobody recorded.

    A lock is made of recorded facts in any case: then the next one is the same, whether there is an index or not.
    """
    index, own = project.index, own_snapshot(project.root)
    if not isinstance(index, LayeredIndex) or own is None:
        return Gathered(project, {})
    facts: list[tuple[PypiName, Release]] = []
    errors: dict[str, InterlockError] = {}
    for profile in profiles:
        try:
            pins = solve_profile(project, profile).pins
            facts += [(pin.name, release) for pin in pins for release in _facts(index, pin)]
        except InterlockError as error:
            errors[profile.name] = error
    if not index.questions.packages and not index.live_releases:
        return Gathered(project, errors)
    kept = _merged([*_kept_for(project, {profile.name for profile in profiles} - set(errors)), *facts])
    snapshot = open_snapshot(project.root, kept)
    spaces = Spaces(project.matrices, snapshot)
    return Gathered(replace(project, index=snapshot, snapshot=snapshot, spaces=spaces, kept=kept), errors)


def write_facts(project: Project) -> None:
    """Write what the locks of ``project`` rest on beside its request, where that was asked of the index."""
    own = own_snapshot(project.root)
    if own is not None and project.kept is not None:
        write_kept(own, project.kept)


def write_channel_facts(project: Project) -> None:
    """Write what the locks that lie there hold of conda channels and nobody recorded; what none holds any more goes."""
    own = own_snapshot(project.root)
    if own is None or (project.reach not in LIVE and not (own / KEPT / FOLDER).is_dir()):
        return
    recorded = CondaSnapshot(built_in_snapshot(), own=own)
    kept, asked = _unrecorded(project, recorded), _named(project, recorded, own / KEPT)
    for channel in kept.keys() | asked.keys():
        write_records(own / KEPT, channel, kept[channel].values(), _EXTENT, asked[channel])
    folders = {own / KEPT / FOLDER / channel_folder(channel) for channel in kept.keys() | asked.keys()}
    for path in (own / KEPT / FOLDER).rglob("*.jsonl"):
        if path.parent not in folders:
            path.unlink()


_EXTENT = "what the locks of this project rest on; `interlock lock` writes it"


def _unrecorded(project: Project, recorded: CondaSnapshot) -> dict[str, dict[str, CondaRecord]]:
    """By channel and archive, what locks hold beside ``recorded``."""
    unrecorded: dict[str, dict[str, CondaRecord]] = defaultdict(dict)
    for folder in lock_folders(project.locks):
        lock = read_folder(folder)
        named = [channel for channel in lock.solution.conda.channels if is_plain_channel(channel)]
        for record in lock.records:
            channel = next((name for name in named if record.channel.endswith(f"/{name}")), record.channel)
            if record not in recorded.records(channel, record.subdir):
                unrecorded[channel][f"{record.subdir}/{record.filename}"] = record
    return unrecorded


def _named(project: Project, recorded: CondaSnapshot, kept: Path) -> dict[str, set[Platform]]:
    """The channels that locks name and ``recorded`` lacks, each with the platforms that it was asked for.

    Some have given a lock nothing, which is known of them as well.
    """
    named: dict[str, set[Platform]] = defaultdict(set)
    settings = read_settings() if project.reach in LIVE else None
    for lock in map(read_folder, lock_folders(project.locks)):
        platform, section = lock.target.platform, lock.solution.conda
        channels = [name for name in section.channels if lock.records and name not in section.unread]
        for channel in channels if settings is None else (each for one in channels for each in settings.members(one)):
            before = (kept / FOLDER / channel_folder(channel) / f"{platform}.jsonl").is_file()
            if (settings is not None or before) and not recorded.covers(channel, platform):
                named[recorded_as(channel)].add(platform)
    return named


def _facts(index: LayeredIndex, pin: Pin) -> Iterator[Release]:
    """What is known of a pin beside what was recorded: kept before, or told by the index now."""
    yield from _kept_releases(index.recorded, pin.name, pin.version)
    release = index.live_releases.get(pin.files[0].filename) if pin.files else None
    if release is not None:
        known = msgspec.structs.replace(release, files=pin.files, requires=index.live.requires(release))
        yield whole(msgspec.structs.replace(known, provides=index.live.extras(release)))


def _kept_for(project: Project, chosen: Iterable[str]) -> Iterator[tuple[PypiName, Release]]:
    """What is kept for the sake of locks other than ``chosen``, which stay as they are."""
    for folder in lock_folders(project.locks):
        if folder.name not in chosen:
            for name, version, _ in read_folder(folder).solution.releases:
                yield from ((name, release) for release in _kept_releases(project.snapshot, name, version))


def _kept_releases(snapshot: SnapshotIndex, name: PypiName, version: str) -> Iterator[Release]:
    return (release for release in snapshot.kept.get(name, ()) if release.version == version)


def _merged(facts: Iterable[tuple[PypiName, Release]]) -> Kept:
    """By package, one part for all wheels of a version that ask for the same."""
    parts: dict[tuple[PypiName, Release], dict[str, IndexFile]] = defaultdict(dict)
    for name, release in facts:
        parts[name, msgspec.structs.replace(release, files=())].update({file.filename: file for file in release.files})
    kept: dict[PypiName, list[Release]] = defaultdict(list)
    for (name, part), files in parts.items():
        wheels = tuple(files[filename] for filename in sorted(files))
        kept[name].append(msgspec.structs.replace(part, files=wheels))
    return {name: sorted(kept[name], key=release_line) for name in sorted(kept)}
