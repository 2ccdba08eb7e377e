"""Members of a remote wheel by HTTP range requests; never the whole wheel.

zipfile reads a seekable file whose parts are fetched when they are needed. Why
not remotezip: it trusts whatever length the server names, has no limit, and
errors of the transport leak out of it as urllib3's.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from solver.core import names
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import IndexUnavailable
from solver.index.web import NoAnswer, Web, WebAnswer

TAIL = 64 * 1024
"""Bytes first asked for: most wheels' directory and metadata lie in them."""
BLOCK = 32 * 1024
LIMIT = 16 * 1024 * 1024
"""Most bytes of one member, compressed and inflated, unless the caller says otherwise."""
DIRECTORY_LIMIT = 8 * 1024 * 1024
"""Most bytes read beside members: tensorflow's directory has 2 MB."""
GONE = (404, 410)
"""What a server answers that has no such file."""
_BEYOND = 416
_ENCRYPTED = 0x1  # APPNOTE 4.4.4
_LOCAL_HEADER = 30 + 1024  # APPNOTE 4.3.7: the fixed part, and room for name and extra field


class BrokenWheel(IndexUnavailable):
    """The server answers as it should, and this one wheel is not there, or is none that can be read."""


class LostWheel(BrokenWheel):
    """The server has no such wheel."""


def members(url: str, session: Web | None = None) -> dict[str, int]:
    """Name -> uncompressed bytes of each member of the wheel at ``url``.

    Raises ``IndexUnavailable``, as does ``read_member``.
    """
    with _open(url, session) as (_, wheel):
        return {info.filename: info.file_size for info in wheel.infolist()}


def read_member(
    url: str,
    member: str,
    session: Web | None = None,
    *,
    size: int | NotKnown = NOT_KNOWN,
    limit: int = LIMIT,
) -> bytes:
    """The bytes of one member, its CRC checked.

    ``member`` may be a full name or, starting with "*", the end of exactly one
    top-level folder's member ("*.dist-info/METADATA"). ``size`` is the wheel's
    size in bytes where it is known; another one on the server is refused. A
    member of more than ``limit`` bytes, be it compressed or inflated, is refused.
    """
    return read_members(url, [member], session, size=size, limit=limit)[member]


def read_members(
    url: str,
    names: list[str],
    session: Web | None = None,
    *,
    size: int | NotKnown = NOT_KNOWN,
    limit: int = LIMIT,
) -> dict[str, bytes]:
    """Several members as ``read_member`` reads one, with the wheel's directory read once."""
    with _open(url, session, size) as (remote, wheel):
        return {name: _read(remote, wheel, name, limit) for name in names}


def _read(remote: RangeFile, wheel: zipfile.ZipFile, member: str, limit: int) -> bytes:
    info = _find(wheel, member, remote.shown)
    bytes_there = max(info.compress_size, info.file_size)
    if bytes_there > limit:
        raise BrokenWheel(f"{member} of {remote.shown} has {bytes_there} bytes; at most {limit} are read of it")
    if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BrokenWheel(f"{member} of {remote.shown} is compressed or encrypted in a way that is not read")
    remote.prefetch(info.header_offset, info.header_offset + _LOCAL_HEADER + info.compress_size)
    with wheel.open(info) as file:
        # Told how much is wanted, zipfile inflates no more, whatever the directory says of the size.
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise zipfile.BadZipFile(f"{member} is shorter than the directory says")
    return data


def _find(wheel: zipfile.ZipFile, member: str, url: str) -> zipfile.ZipInfo:
    if not member.startswith("*"):
        matches = [info for info in wheel.infolist() if info.filename == member]
    else:
        # METADATA of vendored distributions lies deeper than the wheel's own.
        end, depth = member[1:], member.count("/")
        matches = [i for i in wheel.infolist() if i.filename.endswith(end) and i.filename.count("/") == depth]
    if len(matches) != 1:
        raise BrokenWheel(f"{url} has {len(matches)} members {member}, expected one")
    return matches[0]


@contextmanager
def _open(
    url: str, session: Web | None, size: int | NotKnown = NOT_KNOWN
) -> Iterator[tuple[RangeFile, zipfile.ZipFile]]:
    own = session or Web()
    try:
        remote = RangeFile(own, url, size)
        with zipfile.ZipFile(remote) as wheel:
            yield remote, wheel
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        problem = names.one_line(str(error))
        raise BrokenWheel(f"{names.public_address(url)} is no wheel that can be read: {problem}") from error
    finally:
        if session is None:
            own.close()


class RangeFile(io.RawIOBase):
    """A remote file, seekable, of which only the parts that are read are fetched."""

    def __init__(self, session: Web, url: str, size: int | NotKnown = NOT_KNOWN) -> None:
        super().__init__()
        self.url = url
        self.shown = names.public_address(url)
        """The address as sentences tell it."""
        self._session = session
        self._position = 0
        self._fetched = 0
        self._allowed = DIRECTORY_LIMIT
        self._segments: list[tuple[int, bytes]] = []
        self.size = -1 if isinstance(size, NotKnown) else size
        # A zip file is read from its end. "-n" asks for the last n bytes, whose answer tells the size, too.
        self._fetch(f"-{TAIL}" if isinstance(size, NotKnown) else f"{max(0, size - TAIL)}-{max(0, size - 1)}")

    def prefetch(self, start: int, stop: int) -> None:
        """Fetch what lies between two offsets in one request, where it is not there yet."""
        # Without it zipfile's small reads would be a request a block. What a caller asks for by name it may
        # have beside the limit, which is there for a directory that sends zipfile all over the file.
        stop = min(stop, self.size)
        if not 0 <= start < stop:
            raise zipfile.BadZipFile("a member lies outside of it")
        self._allowed += stop - start
        if self._segment(start, stop) is None:
            self._fetch(f"{start}-{stop - 1}")

    def seekable(self) -> bool:
        """True: zipfile asks."""
        return True

    def readable(self) -> bool:
        """True: zipfile asks."""
        return True

    def tell(self) -> int:
        """The offset of the next byte to be read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def read(self, count: int = -1) -> bytes:
        """As of any file; raises ``IndexUnavailable`` where the server fails."""
        start = self._position
        stop = self.size if count < 0 else min(self.size, start + count)
        if start >= stop:
            return b""
        data = self._segment(start, stop)
        if data is None:
            self._fetch(f"{start}-{min(self.size, max(stop, start + BLOCK)) - 1}")
            data = self._segment(start, stop)
        # The answer's own offsets count, and a server may give another part than it was asked for.
        if data is None:
            raise IndexUnavailable(f"{self.shown} gave other bytes than {start}-{stop - 1}")
        self._position = stop
        return data

    def _segment(self, start: int, stop: int) -> bytes | None:
        for offset, data in self._segments:
            if offset <= start and stop <= offset + len(data):
                return data[start - offset : stop - offset]
        return None

    def _fetch(self, span: str) -> None:
        # A range counts the bytes that are sent: of a compressed answer it would be a piece of another file.
        headers = {"Range": f"bytes={span}", "Accept-Encoding": "identity"}
        try:
            # An answer that is too long, or the whole wheel, is refused before its bytes come.
            answer = self._session.get(self.url, lambda head: self._content_range(head)[1], headers)
        except NoAnswer as error:
            raise IndexUnavailable(f"bytes {span} of {self.shown} could not be read: {error}") from error
        offset, length = self._content_range(answer)
        self._fetched += length
        if len(answer.body) != length:
            raise IndexUnavailable(f"{self.shown} gave {len(answer.body)} of {length} bytes asked for")
        self._segments.append((offset, answer.body))

    def _content_range(self, answer: WebAnswer) -> tuple[int, int]:
        """Offset and length of the part that is coming."""
        if answer.status == 200:
            raise IndexUnavailable(
                f"the server of {self.shown} ignores range requests, and the wheel is not read whole"
            )
        if answer.status != 206:
            if answer.status == _BEYOND and self.size >= 0:
                raise BrokenWheel(f"{self.shown} has not the {self.size} bytes that the index says")
            problem = LostWheel if answer.status in GONE else IndexUnavailable
            raise problem(f"{self.shown} answered {answer.said}")
        named = answer.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", named)
        if match is None:
            raise IndexUnavailable(f"{self.shown} answered with the range {names.shown(named)}")
        first, last, size = (int(group) for group in match.groups())
        if self.size not in (-1, size):
            raise BrokenWheel(f"{self.shown} has {size} bytes, and the index says {self.size}")
        self.size = size
        if self._fetched + last - first + 1 > self._allowed:
            raise BrokenWheel(f"{self.shown} needs more than {self._allowed} bytes to be read")
        return first, last - first + 1
