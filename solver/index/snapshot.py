"""The recorded indexes: one JSON-lines file a package under ``matrices/snapshot``.

A file's first line is its header::

    {"version":1,"name":"torch","index":"default","held":"every final release that … admits",
     "targets":[{"platform":"linux-64","glibc":"2.28","pythons":["3.12"]}]}

and each further line is the wheels of one version that declare the same
requirements, oldest version first::

    {"version":"2.10.0","files":[["torch-2.10.0-cp312-….whl","<sha256>",888888888,"2026-01-21"]],
     "requires":["filelock",…],"requires_python":">=3.10"}

A file is ``[name, sha256, bytes, upload date]``, with its address as a fifth
part on any index other than the default one; null stands for what nobody read.
The same facts give the same bytes in whatever order they come.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core import names, reading
from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.errors import BadInput, NotRecorded
from solver.core.indexes import INDEXES, PUBLIC, Bindings
from solver.core.markers import extras_in
from solver.core.model import (
    FORMAT_VERSION,
    Digest,
    IndexFile,
    IndexName,
    Platform,
    PypiName,
    Release,
    Requires,
    Target,
    pypi_name,
)
from solver.core.target import usable_files
from solver.core.versions import numbers
from solver.core.whole import holds, put_whole

KEPT = "kept"
"""The folder of a project's own record that holds what its locks rest on and nobody recorded."""
_EXTENT = "what the locks of this project rest on; `interlock lock` writes it"
_REFRESH = "record it anew with `nox -s refresh`"


class Coverage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Targets of which every wheel of a recorded release was recorded."""

    platform: Platform
    glibc: str
    """The newest whose wheels were recorded; without meaning on Windows."""
    pythons: tuple[str, ...]
    """major.minor, oldest first."""

    def __contains__(self, target: Target) -> bool:
        """Whether nothing that ``target`` can use was left out."""
        fits = self.platform == "win-64" or numbers(target.glibc) <= numbers(self.glibc)
        return self.platform == target.platform and target.python in self.pythons and fits

    def serves(self, files: Sequence[IndexFile]) -> bool:
        """Whether one of ``files`` can be used on some of the targets."""
        targets = (Target(platform=self.platform, glibc=self.glibc, python=python) for python in self.pythons)
        return any(usable_files(files, target) for target in targets)


class PackageHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of a package's file."""

    version: int
    name: str
    index: IndexName
    extent: str = msgspec.field(name="held")
    """Which releases were recorded, in words: a bounded history says so here."""
    extras: tuple[str, ...] = ()
    """Extras that somebody asked for, so that what stands under them was recorded."""
    targets: tuple[Coverage, ...] = ()
    """Empty: nobody knows which wheels were left out."""


class FileLine(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One wheel, written as a list. None: nobody read it; of ``url``: it is a file of the default index."""

    filename: str
    sha256: Digest | None
    size: int | None
    uploaded: str | None
    url: str | None = None


class ReleaseLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line below the header. None of ``requires``: nobody read them; of the others as in ``Release``."""

    version: str
    files: tuple[FileLine, ...]
    requires: tuple[str, ...] | None
    requires_python: str | None = None
    yanked: str | None = None
    source: str | None = None
    provides: tuple[str, ...] | NotKnown = NOT_KNOWN


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
        self._read: dict[PypiName, tuple[tuple[PackageHeader, tuple[Release, ...]], ...]] = {}
        self._all: dict[PypiName, tuple[Release, ...]] = {}

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every recorded release of ``name``, of all indexes this was opened with.

        Raises ``NotRecorded`` where no index's record holds the name, ``BadInput``
        where a file is not of the format.
        """
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

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """There is no more."""
        return False

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """All of them."""
        return releases

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """Whether the record of the version on the default index was made for ``target`` too."""
        for header, releases in self._parts(name) if self.bindings.admits(name, "default") else ():
            coverage = next((one for one in header.targets if target in one), None)
            if header.index == "default" and coverage is not None:
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

    def digest(self, name: PypiName, version: str, index: IndexName = "default") -> str:
        """sha256 (hex) over the lines that hold one version, so that a lock can name what it used.

        What is kept for the sake of locks alone has none. Raises ``NotRecorded`` where the version is not held.
        """
        recorded = (release for _, releases in self._parts(name) for release in releases)
        parts = [r for r in recorded if r.version == version and r.index == index]
        if not parts:
            raise NotRecorded(f"{name} {version}", "nothing of this release")
        return hashlib.sha256("\n".join(sorted(map(release_line, parts))).encode()).hexdigest()

    def _parts(self, name: PypiName) -> tuple[tuple[PackageHeader, tuple[Release, ...]], ...]:
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
        if not holds(path, text.encode()):
            put_whole(path, text)
    for path in folder.glob("*.jsonl"):
        if path.stem not in kept:
            path.unlink()


def read_package(path: Path) -> tuple[PackageHeader, tuple[Release, ...]]:
    """One package's file; raises ``BadInput`` naming file and line."""
    lines = reading.read_text(path, fix=_REFRESH).splitlines()
    header = _header(path, lines[0] if lines else "")
    decoder = msgspec.json.Decoder(ReleaseLine)
    releases = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            parsed = decoder.decode(line)
            releases.append(_release(header, parsed))
        except (msgspec.DecodeError, names.BadName) as error:
            problem = f"not a release of the snapshot: {error}"
            raise BadInput(problem, file=path, line=number, fix=_REFRESH) from None
    if path.parent.name == KEPT:
        return header, tuple(whole(release) for release in releases)
    extras = _recorded_extras(header, releases)
    return header, tuple(msgspec.structs.replace(release, extras=extras) for release in releases)


def whole(release: Release) -> Release:
    """``release``, whose requirements under every extra that it has were recorded."""
    return msgspec.structs.replace(release, extras=() if isinstance(release.provides, NotKnown) else release.provides)


def _recorded_extras(header: PackageHeader, releases: Iterable[Release]) -> tuple[str, ...]:
    """Those that the header lists, and those that alone explain why a requirement was kept, of whichever release.

    A requirement under several extras was kept for the sake of any one of them; which one, it does not tell.
    """
    read = (release.requires for release in releases if not isinstance(release.requires, NotKnown))
    under = (extras_in(text) for requires in read for text in requires)
    alone = (extras for extras in under if len(extras) == 1)
    return tuple(sorted({canonicalize_name(extra) for extra in header.extras}.union(*alone)))


def release_line(release: Release) -> str:
    """The canonical line of ``release``, without a line end."""
    line: dict[str, Any] = {"version": release.version}
    line["files"] = [_file_parts(file) for file in sorted(release.files, key=lambda file: file.filename)]
    requires = release.requires
    line["requires"] = None if isinstance(requires, NotKnown) else sorted(set(requires))
    if not isinstance(release.provides, NotKnown):
        line["provides"] = sorted(release.provides)
    for key in ("requires_python", "yanked", "source"):
        if getattr(release, key) is not None:
            line[key] = getattr(release, key)
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def package_text(
    name: PypiName,
    index: IndexName,
    extent: str,
    releases: Iterable[Release],
    extras: Iterable[str] = (),
    targets: Iterable[Coverage] = (),
) -> str:
    """The whole file of one package: the same text for the same facts in any order."""
    header: dict[str, Any] = {"version": FORMAT_VERSION, "name": name, "index": index, "held": extent}
    header |= {"extras": sorted(extras)} if extras else {}
    spans = sorted({(one.platform, one.glibc, one.pythons) for one in targets})
    header |= (
        {"targets": [dict(zip(("platform", "glibc", "pythons"), span, strict=True)) for span in spans]} if spans else {}
    )
    lines = sorted((Version(release.version), release_line(release)) for release in releases)
    texts = [json.dumps(header, ensure_ascii=False, separators=(",", ":")), *(line for _, line in lines)]
    return "\n".join(texts) + "\n"


def write_package(
    root: Path,
    name: PypiName,
    index: IndexName,
    extent: str,
    releases: Iterable[Release],
    extras: Iterable[str] = (),
    targets: Iterable[Coverage] = (),
) -> Path:
    """Write ``root/<index>/<name>.jsonl`` whole or not at all; returns its path."""
    path = root / index / f"{name}.jsonl"
    put_whole(path, package_text(name, index, extent, releases, extras, targets))
    return path


def _header(path: Path, line: str) -> PackageHeader:
    try:
        # The number comes first: a newer format may differ in anything else.
        version = json.loads(line).get("version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise BadInput(
                f"the snapshot is of format {version}; this Interlock reads format {FORMAT_VERSION}",
                file=path,
                line=1,
                fix="install a newer Interlock",
            )
        header = msgspec.json.decode(line, type=PackageHeader)
    except (ValueError, AttributeError) as error:
        raise BadInput(f"no header of a snapshot: {error}", file=path, line=1, fix=_REFRESH) from None
    # What is kept may be of a private index as well.
    folders = {path.parent.name} if path.parent.name != KEPT else {header.index}
    if header.version != FORMAT_VERSION or header.name != path.stem or header.index not in folders:
        raise BadInput(
            f"the header is of {header.index}/{header.name}, format {header.version}",
            file=path,
            line=1,
            fix="name the file after the package and its folder after the index",
        )
    return header


def _release(header: PackageHeader, line: ReleaseLine) -> Release:
    """The release of a line; raises ``names.BadName`` where a part of it is not what it must be."""
    names.version(line.version)
    for file in line.files:
        names.wheel_of(file.filename, header.name, line.version)
        # The default index's address belongs to whoever installs, so none is recorded.
        if (file.url is None) != (header.index == "default"):
            problem = "has an address" if file.url else "has no address"
            raise names.BadName(f"{file.filename} of the index {header.index} {problem}")
    return Release(
        version=line.version,
        files=tuple(map(_file, line.files)),
        index=header.index,
        requires=NOT_KNOWN if line.requires is None else line.requires,
        requires_python=line.requires_python,
        yanked=line.yanked,
        source=line.source,
        provides=line.provides,
    )


def _file(line: FileLine) -> IndexFile:
    return IndexFile(
        filename=line.filename,
        sha256=NOT_KNOWN if line.sha256 is None else line.sha256,
        size=NOT_KNOWN if line.size is None else line.size,
        uploaded=NOT_KNOWN if line.uploaded is None else line.uploaded,
        url=line.url,
    )


def _file_parts(file: IndexFile) -> list[str | int | None]:
    read = (None if isinstance(part, NotKnown) else part for part in (file.sha256, file.size, file.uploaded))
    parts: list[str | int | None] = [file.filename, *read]
    return parts if file.url is None else [*parts, file.url]
