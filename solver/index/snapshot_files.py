"""The files of the recorded indexes: JSON lines, a file a package, under ``matrices/snapshot``.

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

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core import names, reading
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.indexes import is_of_default
from solver.core.markers import extras_in
from solver.core.model import FORMAT_VERSION, Digest, IndexFile, IndexName, Platform, PypiName, Release, Target
from solver.core.target import usable_files
from solver.core.versions import numbers
from solver.core.whole import put_whole

KEPT = "kept"
"""The folder of a project's own record that holds what its locks rest on and nobody recorded."""
_REFRESH = "record it anew with `nox -s refresh`"


class Coverage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Targets of which every wheel of a recorded release was recorded."""

    platform: Platform
    glibc: str
    """The newest whose wheels were recorded; without meaning on Windows."""
    pythons: tuple[str, ...]
    """major.minor, oldest first."""
    whole: str | NotKnown = NOT_KNOWN
    """Specifier of the final releases of which all were recorded for these targets; NOT_KNOWN: of no range."""

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
    spans = [msgspec.to_builtins(one) for one in sorted(set(targets), key=_span_order)]
    header |= {"targets": spans} if spans else {}
    lines = sorted((Version(release.version), release_line(release)) for release in releases)
    texts = [json.dumps(header, ensure_ascii=False, separators=(",", ":")), *(line for _, line in lines)]
    return "\n".join(texts) + "\n"


def _span_order(span: Coverage) -> tuple[str, str, tuple[str, ...], str]:
    return span.platform, span.glibc, span.pythons, span.whole or ""


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
        names.distribution_of(file.filename, header.name, line.version)
        # The default index's address belongs to whoever installs, so none is recorded.
        if (file.url is None) != (is_of_default(header.index)):
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
