"""What a source archive says that its package needs, read without running anything of it.

Metadata 2.2 (PEP 643) says which of its fields a build may change: requirements that are not among them are those of
every wheel built from it. Older archives of setuptools hold what their author's build found (``requires.txt``), and
those of other tools the requirements that they were told; a build may find others, so whoever installs one checks.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath
from typing import IO, Self

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import canonicalize_name

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile
from solver.core.names import brief, one_line
from solver.index import ReleaseLost, ReleaseRefused
from solver.index.ranges import GONE
from solver.index.web import NoAnswer, Sink, Web, WebAnswer

MOST = 512 * 1024 * 1024
"""Bytes of an archive that is read."""
START = 256 * 1024
"""Bytes of its start, in which what PEP 643 asks for mostly stands: "PKG-INFO" sorts before the sources."""
_WHOLE, _PART = 200, 206
_MOST_INFLATED = 1024 * 1024 * 1024
_MOST_MEMBERS = 100_000
_MOST_MEMBER = 4 * 1024 * 1024
_MOST_TOLD = 16 * 1024 * 1024
"""Bytes of all files of an archive that are kept."""
_MOST_DIRECTORY = 16 * 1024 * 1024
"""Bytes of the directory of a zip; a hundred for each member."""
_MOST_IN_MEMORY = 4 * 1024 * 1024
_MOST_HEADER = 1024 * 1024
"""Bytes of a header of tar that tells of the next member, which tarfile reads as a whole."""
_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_PEP_643 = (2, 2)
_PKG_INFO, _REQUIRES = "PKG-INFO", "requires.txt"
_DEEPEST = 4
"""Parts of a path: archive/src/name.egg-info/requires.txt."""
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
    # A large one lies in a file that nobody else sees and that is gone with this process.
    with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY) as body:
        status = _ask(session, url, shown, {"Range": f"bytes=0-{START - 1}"}, body)
        if status == _PART and (said := read_start(body, file.filename)) is not None:
            return said
        if status == _PART and body.seek(0, io.SEEK_END) != file.size:
            _ask(session, url, shown, {}, body)
        body.seek(0)
        if isinstance(file.sha256, str) and hashlib.file_digest(body, "sha256").hexdigest() != file.sha256:
            raise ReleaseRefused(f"{shown} has another sha256 than the listing says")
        return read_archive(body, file.filename)


def _ask(session: Web, url: str, shown: str, headers: Mapping[str, str], body: IO[bytes]) -> int:
    """Put what the server gives into ``body``, in place of what was there; the status of its answer."""

    def begin(_: WebAnswer) -> tuple[int, Sink]:
        body.seek(0)
        body.truncate()
        return MOST, body.write

    try:
        # What is sent as it lies there is what has the hash.
        answer = session.receive(url, begin, {"Accept-Encoding": "identity", **headers})
    except NoAnswer as error:
        raise IndexUnavailable(f"{shown} could not be read: {error}") from error
    if answer.status in GONE:
        raise ReleaseLost(f"{shown} is listed, and is not there")
    if answer.status not in (_WHOLE, _PART):
        raise IndexUnavailable(f"the index answered {answer.said} when asked for {shown}")
    return answer.status


def read_start(body: IO[bytes], filename: str) -> SourceMetadata | None:
    """What the first bytes of an archive say for sure; None where they do not."""
    if not filename.endswith(".tar.gz"):
        return None
    body.seek(0)
    try:
        for path, content in _members_of_tar(body):
            if _is_top(path) and path.name == _PKG_INFO:
                raw, _ = parse_email(content)
                return SourceMetadata(content, tuple(raw.get("requires_dist", []))) if _is_static(raw) else None
    except Exception:  # it ends in the middle; what else is wrong with it shows where the whole is read
        return None
    return None


def read_archive(body: IO[bytes], filename: str) -> SourceMetadata:
    """What a whole archive says; raises ``ReleaseRefused`` where it is none, or says nothing."""
    body.seek(0)
    try:
        said = _said(dict(_members_of_tar(body) if filename.endswith(".tar.gz") else _members_of_zip(body)))
    except Exception as error:  # what foreign readers trip over, reading a foreign archive, is no fault of ours
        problem = brief(one_line(str(error) or type(error).__name__))
        raise ReleaseRefused(f"{filename} is no source archive that can be read: {problem}") from None
    if said is None:
        raise ReleaseRefused(f"{filename} does not say what it needs: it has no PKG-INFO")
    return said


def _said(contents: dict[PurePosixPath, bytes]) -> SourceMetadata | None:
    """What the files of an archive say; None where none of them is its PKG-INFO."""
    pkg_info = next((content for path, content in contents.items() if _is_top(path) and path.name == _PKG_INFO), None)
    if pkg_info is None:
        return None
    raw, _ = parse_email(pkg_info)
    if not _is_static(raw) and (found := _egg_info(contents, raw.get("name", ""))) is not None:
        return SourceMetadata(pkg_info, tuple(found.requires or ()))
    return SourceMetadata(pkg_info, tuple(raw.get("requires_dist", [])))


def _is_static(raw: RawMetadata) -> bool:
    """Whether a build changes no requirement."""
    version = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", raw.get("metadata_version", ""))
    dynamic = {field.lower() for field in raw.get("dynamic", [])}
    return version is not None and (int(version[1]), int(version[2])) >= _PEP_643 and _DYNAMIC not in dynamic


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


def _egg_info(contents: dict[PurePosixPath, bytes], name: str) -> _EggInfo | None:
    """That of the package ``name``; None where there is none. Vendored packages have theirs deeper or under others."""
    for path in sorted(contents, key=lambda path: len(path.parts)):
        folder = path.parent.name
        if not folder.endswith(".egg-info"):
            continue
        if canonicalize_name(folder.removesuffix(".egg-info")) == canonicalize_name(name):
            # Its PKG-INFO has no requirements of its own where this file has; without it, there were none.
            return _EggInfo({_REQUIRES: contents.get(path.parent / _REQUIRES, b""), _PKG_INFO: b""})
    return None


class _Member(tarfile.TarInfo):
    """A member of a tar whose headers have a bound."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """As ``TarInfo`` makes one of a block of 512 bytes."""
        made = super().frombuf(buf, encoding, errors)
        if made.type in _HEADERS and made.size > _MOST_HEADER:
            raise ValueError(f"it has a header of {made.size} bytes")
        return made


def _members_of_tar(body: IO[bytes]) -> Iterator[tuple[PurePosixPath, bytes]]:
    bounds = _Bounds()
    # As a stream: what comes behind is read when it is asked for, so that the start of an archive is enough.
    with tarfile.open(fileobj=body, mode="r|gz", tarinfo=_Member) as archive:
        for member in archive:
            bounds.pass_by(member.size)
            path = PurePosixPath(member.name)
            if member.isfile() and bounds.keeps(path, member.size):
                file = archive.extractfile(member)
                yield path, b"" if file is None else file.read()


class _Zip(io.RawIOBase):
    """A zip file for zipfile, which reads its whole directory at once, whatever size that says it has."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._body.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._body.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_DIRECTORY:
            raise ValueError(f"it has a directory of {size} bytes")
        return self._body.read(size)


def _members_of_zip(body: IO[bytes]) -> Iterator[tuple[PurePosixPath, bytes]]:
    bounds = _Bounds()
    with zipfile.ZipFile(_Zip(body)) as archive:
        for member in archive.infolist():
            bounds.pass_by(0)  # what is not asked for is not inflated
            path = PurePosixPath(member.filename)
            if bounds.keeps(path, member.file_size):
                with archive.open(member) as file:
                    yield path, file.read(member.file_size)


@dataclass
class _Bounds:
    """What was read of one archive, and may be."""

    members: int = 0
    inflated: int = 0
    told: int = 0

    def pass_by(self, size: int) -> None:
        """Count a member; raises ``ValueError`` where that is one too many, or one too large."""
        self.members += 1
        self.inflated += size
        if self.members > _MOST_MEMBERS:
            raise ValueError(f"it has more than {_MOST_MEMBERS} members")
        if self.inflated > _MOST_INFLATED:
            raise ValueError(f"it has more than {_MOST_INFLATED} bytes")

    def keeps(self, path: PurePosixPath, size: int) -> bool:
        """Whether a member of that path can say what is needed; raises ``ValueError`` where too much does."""
        if path.name not in (_PKG_INFO, _REQUIRES) or len(path.parts) > _DEEPEST or size > _MOST_MEMBER:
            return False
        self.told += size
        if self.told > _MOST_TOLD:
            raise ValueError(f"its files {_PKG_INFO} and {_REQUIRES} have more than {_MOST_TOLD} bytes")
        return True
