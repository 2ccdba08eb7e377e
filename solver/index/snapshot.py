"""The recorded indexes as an ``Index``: what lies under ``matrices/snapshot`` and in a project's own record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from solver.core import names
from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.errors import NotRecorded
from solver.core.indexes import DEFAULT_NAME, INDEXES, PUBLIC, Bindings, is_of_default
from solver.core.markers import extras_in
from solver.core.model import IndexName, PypiName, Release, Requires, Target, pypi_name
from solver.core.whole import has_content, put_whole
from solver.index.snapshot_files import KEPT, PackageHeader, package_text, read_package, release_line

_EXTENT = "what the locks of this project rest on; `interlock lock` writes it"

Kept = Mapping[PypiName, Sequence[Release]]
"""Releases by package of which only what some locks rest on is known."""


class SnapshotIndex:
    """The recorded facts as an ``Index``; a package's file is read when first asked for.

    What lies under ``own``, a project's own record, goes before the same wheels under ``root``. ``kept`` are the
    releases that the project's locks rest on beside all that was recorded; None: those in ``own``. ``bindings`` tell of
    which packages only the releases of a private index count.
    """

    remedy = "without --offline the index is asked"

    def __init__(
        self,
        root: Path,
        indexes: Iterable[IndexName] = INDEXES,
        *,
        own: Path | None = None,
        kept: Kept | None = None,
        bindings: Bindings = PUBLIC,
    ) -> None:
        self.root, self.own, self.bindings = root, own, bindings
        self.indexes = tuple(indexes)
        self.kept = read_kept(own) if kept is None else kept
        self.asked_for: set[PypiName] = set()
        """The packages that it was asked about, whether it has them or not."""
        self._read: dict[PypiName, tuple[tuple[PackageHeader, tuple[Release, ...]], ...]] = {}
        self._all: dict[PypiName, tuple[Release, ...]] = {}

    def unasked(self) -> SnapshotIndex:
        """The same facts, read once for both, of an index that nobody has asked about anything."""
        other = SnapshotIndex(self.root, self.indexes, own=self.own, kept=self.kept, bindings=self.bindings)
        other._read, other._all = self._read, self._all
        return other

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every recorded release of ``name``, of all indexes this was opened with.

        Raises ``NotRecorded`` where no index's record holds the name, ``BadInput``
        where a file is not of the format.
        """
        self.asked_for.add(name)
        if name not in self._all:
            parts = [releases for header, releases in self._parts(name) if self.bindings.admits(name, header.index)]
            recorded = tuple(release for releases in parts for release in releases)
            kept = tuple(one for one in self.kept.get(name, ()) if self.bindings.admits(name, one.index))
            if not parts and not kept:
                raise NotRecorded(name)
            self._all[name] = (*_without_files_of(kept, recorded), *kept)
        return self._all[name]

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """The requirements as recorded."""
        return release.requires

    def provides(self, release: Release, extra: str) -> Answer:
        """Of an extra that somebody asked for when this was recorded, whether the release has it.

        Of others nothing may have been kept. Where nobody recorded which there are, it has those by which it brings
        anything.
        """
        recorded = extra in release.extras and not isinstance(release.requires, NotKnown)
        if not isinstance(release.provides, NotKnown):
            has = answer(extra in release.provides)
            return has if has is Answer.NO or recorded else Answer.NOT_KNOWN
        if not recorded or isinstance(release.requires, NotKnown):
            return Answer.NOT_KNOWN
        return answer(any(extra in extras_in(text) for text in release.requires))

    def extras(self, release: Release) -> tuple[str, ...]:
        """Every one where that was recorded, otherwise those that somebody asked for."""
        return release.extras if isinstance(release.provides, NotKnown) else release.provides

    def complete(self, name: PypiName) -> bool:
        """Never: the index may have what nobody recorded."""
        return False

    def listed_whole(self, name: PypiName, target: Target) -> str | NotKnown:
        """As the record of the default index says; what a project recorded itself goes before what came along."""
        headers = [header for header, _ in self._parts(name) if is_of_default(header.index)]
        if not self.bindings.admits(name, DEFAULT_NAME):
            return NOT_KNOWN
        spans = (span for header in headers for span in header.targets if target in span)
        return next((span.whole for span in spans if not isinstance(span.whole, NotKnown)), NOT_KNOWN)

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """There is no more."""
        return False

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """All of them."""
        return releases

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """Whether the record of the version on the default index was made for ``target`` too."""
        for header, releases in self._parts(name) if self.bindings.admits(name, DEFAULT_NAME) else ():
            coverage = next((one for one in header.targets if target in one), None)
            if is_of_default(header.index) and coverage is not None:
                files = [file for release in releases if release.version == version for file in release.files]
                # What was read for one platform alone was read for it; of several, a wheel tells for which.
                platforms = {one.platform for one in header.targets}
                return platforms == {target.platform} or coverage.serves(files)
        return False

    def extent(self, name: PypiName) -> str:
        """Which releases of ``name`` were recorded, in words."""
        return "; ".join(header.extent for header, _ in self._parts(name))

    def names(self) -> tuple[PypiName, ...]:
        """Every recorded name, sorted."""
        roots = (self.root, *([] if self.own is None else [self.own]))
        paths = (path for root in roots for index in self.indexes for path in (root / index).glob("*.jsonl"))
        return tuple(sorted({pypi_name(path.stem) for path in paths} | set(self.kept)))

    def digest(self, name: PypiName, version: str, index: IndexName = DEFAULT_NAME) -> str:
        """sha256 (hex) over the lines that hold one version, so that a lock can name what it used.

        What is kept for the sake of locks alone has none. Raises ``NotRecorded`` where the version is not held.
        """
        recorded = (release for _, releases in self._parts(name) for release in releases)
        parts = [r for r in recorded if r.version == version and r.index == index]
        if not parts:
            raise NotRecorded(f"{name} {version}", "nothing of this release")
        return hashlib.sha256("\n".join(sorted(map(release_line, parts))).encode()).hexdigest()

    def _parts(self, name: PypiName) -> tuple[tuple[PackageHeader, tuple[Release, ...]], ...]:
        self.asked_for.add(name)
        parts = self._read.get(name)
        if parts is None:
            if not names.is_project(name):  # it must not lead to any other file
                raise NotRecorded(names.shown(name))
            parts = self._read[name] = tuple(part for index in self.indexes for part in self._of_index(name, index))
        return parts

    def _of_index(self, name: PypiName, index: IndexName) -> Iterator[tuple[PackageHeader, tuple[Release, ...]]]:
        own: list[Release] = []
        for root in (self.own, self.root):
            path = None if root is None else root / index / f"{name}.jsonl"
            if path is not None and path.is_file():
                header, releases = read_package(path)
                # What was recorded of a version for other targets is no less known for it.
                yield header, tuple(_without_files_of(own, releases))
                own += releases


def _without_files_of(first: Sequence[Release], recorded: Sequence[Release]) -> Iterator[Release]:
    """``recorded`` less the wheels that ``first`` tells of, which is newer or tells more."""
    known = {file.filename for release in first for file in release.files}
    versions = {release.version for release in first}
    for release in recorded:
        files = tuple(file for file in release.files if file.filename not in known)
        if files or (not release.files and release.version not in versions):
            yield release if len(files) == len(release.files) else msgspec.structs.replace(release, files=files)


def read_kept(own: Path | None) -> Kept:
    """What the project whose record is ``own`` kept; raises ``BadInput`` as ``read_package`` does."""
    paths = [] if own is None else sorted((own / KEPT).glob("*.jsonl"))
    return {pypi_name(path.stem): read_package(path)[1] for path in paths}


def write_kept(own: Path, kept: Kept) -> None:
    """Write what is kept, a file a package, and nothing where all of it lies there; what is kept no more goes."""
    folder = own / KEPT
    for name, releases in kept.items():
        text = package_text(name, releases[0].index, _EXTENT, releases)
        path = folder / f"{name}.jsonl"
        if not has_content(path, text.encode()):
            put_whole(path, text)
    for path in folder.glob("*.jsonl"):
        if path.stem not in kept:
            path.unlink()
