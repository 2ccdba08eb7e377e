"""What a source archive says that its package needs, read without running anything of it.

Metadata 2.2 (PEP 643) says which of its fields a build may change: requirements that are not among them are those of
every wheel built from it. Older archives of setuptools hold what their author's build found (``requires.txt``), and
those of other tools the requirements that they were told; a build may find others, so whoever installs one checks.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import canonicalize_name

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile
from solver.index import ReleaseLost, ReleaseRefused
from solver.index.ranges import GONE
from solver.index.web import NoAnswer, Web, WebAnswer

MOST = 512 * 1024 * 1024
"""Bytes of an archive that is read."""
START = 256 * 1024
"""Bytes of its start, in which what PEP 643 asks for mostly stands: "PKG-INFO" sorts before the sources."""
_WHOLE, _PART = 200, 206
_MOST_INFLATED = 1024 * 1024 * 1024
_MOST_MEMBER = 4 * 1024 * 1024
_PKG_INFO, _REQUIRES = "PKG-INFO", "requires.txt"
_DYNAMIC = "requires-dist"


@dataclass(frozen=True)
class SourceMetadata:
    """What an archive says."""

    pkg_info: bytes
    """The file PKG-INFO at its top."""
    requires: tuple[str, ...]
    """Requirements (PEP 508), as they are written."""


def fetch(session: Web, url: str, file: IndexFile) -> SourceMetadata:
    """What the archive at ``url`` says: its start where that is enough, else the whole, whose hash is checked.

    Raises ``ReleaseRefused`` where that is nothing, or of other bytes; ``IndexUnavailable`` without an answer.
    """
    shown = f"the source archive {file.filename}"
    start = _ask(session, url, shown, {"Range": f"bytes=0-{START - 1}"})
    if start.status == _PART and (said := read_start(start.body, file.filename)) is not None:
        return said
    is_whole = start.status != _PART or len(start.body) == file.size
    whole = start.body if is_whole else _ask(session, url, shown, {}).body
    if isinstance(file.sha256, str) and hashlib.sha256(whole).hexdigest() != file.sha256:
        raise ReleaseRefused(f"{shown} has another sha256 than the listing says")
    return read_archive(whole, file.filename)


def _ask(session: Web, url: str, shown: str, headers: Mapping[str, str]) -> WebAnswer:
    try:
        # What is sent as it lies there is what has the hash.
        answer = session.get(url, MOST, {"Accept-Encoding": "identity", **headers})
    except NoAnswer as error:
        raise IndexUnavailable(f"{shown} could not be read: {error}") from error
    if answer.status in GONE:
        raise ReleaseLost(f"{shown} is listed, and is not there")
    if answer.status not in (_WHOLE, _PART):
        raise IndexUnavailable(f"the index answered {answer.said} when asked for {shown}")
    return answer


def read_start(data: bytes, filename: str) -> SourceMetadata | None:
    """What the first bytes of an archive say for sure; None where they do not."""
    if not filename.endswith(".tar.gz"):
        return None
    try:
        for path, content in _members_of_tar(data):
            if _is_top(path) and path.name == _PKG_INFO:
                raw, _ = parse_email(content)
                return SourceMetadata(content, tuple(raw.get("requires_dist", []))) if _is_static(raw) else None
    except (tarfile.TarError, EOFError, zlib.error, OSError):
        pass  # it ends in the middle
    return None


def read_archive(data: bytes, filename: str) -> SourceMetadata:
    """What a whole archive says; raises ``ReleaseRefused`` where it is none, or says nothing."""
    try:
        members = _members_of_tar(data) if filename.endswith(".tar.gz") else _members_of_zip(data)
        told = {path: content for path, content in members if path.name in (_PKG_INFO, _REQUIRES)}
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, RuntimeError, ValueError) as error:
        raise ReleaseRefused(f"{filename} is no source archive that can be read: {error}") from None
    pkg_info = next((content for path, content in told.items() if _is_top(path) and path.name == _PKG_INFO), None)
    if pkg_info is None:
        raise ReleaseRefused(f"{filename} does not say what it needs: it has no PKG-INFO")
    raw, _ = parse_email(pkg_info)
    if not _is_static(raw) and (found := _egg_info(told, raw.get("name", ""))) is not None:
        return SourceMetadata(pkg_info, tuple(found.requires or ()))
    return SourceMetadata(pkg_info, tuple(raw.get("requires_dist", [])))


def _is_static(raw: RawMetadata) -> bool:
    """Whether a build changes no requirement."""
    version = raw.get("metadata_version", "")
    dynamic = {field.lower() for field in raw.get("dynamic", [])}
    return tuple(map(int, filter(str.isdigit, version.split(".")))) >= (2, 2) and _DYNAMIC not in dynamic


def _is_top(path: PurePosixPath) -> bool:
    return len(path.parts) == 2  # below the one folder that an archive holds


class _EggInfo(Distribution):
    """The folder in which setuptools keeps what a build found, as the standard library reads it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files_by_name = files

    def read_text(self, filename: str) -> str | None:
        """As its base: None where there is no such file."""
        content = self.files_by_name.get(filename)
        return None if content is None else content.decode(errors="replace")

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


def _egg_info(told: dict[PurePosixPath, bytes], name: str) -> _EggInfo | None:
    """That of the package ``name``; None where there is none. Vendored packages have theirs deeper or under others."""
    for path in sorted(told, key=lambda path: len(path.parts)):
        folder = path.parent.name
        if not folder.endswith(".egg-info") or len(path.parts) > 4:
            continue
        if canonicalize_name(folder.removesuffix(".egg-info")) == canonicalize_name(name):
            # Its PKG-INFO has no requirements of its own where this file has; without it, there were none.
            return _EggInfo({_REQUIRES: told.get(path.parent / _REQUIRES, b""), _PKG_INFO: b""})
    return None


def _members_of_tar(data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    inflated = 0
    # As a stream: what comes behind is read when it is asked for, so that the start of an archive is enough.
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
        for member in archive:
            inflated += member.size
            _check(inflated, member.name)
            path = PurePosixPath(member.name)
            if member.isfile() and path.name in (_PKG_INFO, _REQUIRES) and member.size <= _MOST_MEMBER:
                file = archive.extractfile(member)
                yield path, b"" if file is None else file.read()


def _members_of_zip(data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            path = PurePosixPath(member.filename)
            if path.name in (_PKG_INFO, _REQUIRES) and member.file_size <= _MOST_MEMBER:
                with archive.open(member) as file:
                    yield path, file.read(member.file_size)


def _check(inflated: int, name: str) -> None:
    if inflated > _MOST_INFLATED:
        raise ValueError(f"it has more than {_MOST_INFLATED} bytes at {name!r}")
