"""Wheels of the default index, read member by member: what a renewal of matrix rows needs."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName
from solver.index import ReleaseRefused, UnknownPackage
from solver.index.pypi import PypiIndex
from solver.index.ranges import RangeFile
from solver.index.web import NoAnswer, WebAnswer

CHUNK = 4 * 1024 * 1024
"""Compressed bytes that are taken at a time."""
_STORED, _DEFLATED = 0, 8  # APPNOTE 4.4.5


class IndexWheels:
    """Reads members of any size in parts; the ``WheelSource`` of a live index."""

    def __init__(self, index: PypiIndex) -> None:
        self._index = index
        # Of one wheel at a time: the directory of a framework has 20,000 entries.
        self._directory_of: tuple[str, Mapping[str, zipfile.ZipInfo]] = ("", {})

    def wheels(self, name: PypiName) -> Sequence[IndexFile]:
        """Every wheel of ``name`` that is not yanked."""
        try:
            releases = self._index.releases(name)
        except UnknownPackage:
            return ()
        return [file for release in releases if release.yanked is None for file in release.files]

    def members(self, file: IndexFile) -> Collection[str]:
        """The names of the wheel's members; the wheel's directory is read once."""
        return self._directory(file).keys()

    def chunks(self, file: IndexFile, member: str) -> Iterator[bytes]:
        """One member in parts, its length and CRC checked; raises ``ReleaseRefused`` and ``IndexUnavailable``."""
        info = self._directory(file).get(member)
        if info is None:
            raise ReleaseRefused(f"{file.filename} has no member {member}")
        length = crc = 0
        for chunk in self._inflated(file, info):
            length, crc = length + len(chunk), zlib.crc32(chunk, crc)
            if length > info.file_size:
                break
            yield chunk
        if (length, crc) != (info.file_size, info.CRC):
            raise ReleaseRefused(f"{member} of {file.filename} came damaged")

    def _directory(self, file: IndexFile) -> Mapping[str, zipfile.ZipInfo]:
        if file.filename != self._directory_of[0]:
            remote = RangeFile(self._index.session, self._index.source(file), file.size)
            try:
                with zipfile.ZipFile(remote) as wheel:
                    entries = {info.filename: info for info in wheel.infolist()}
            except (zipfile.BadZipFile, EOFError, ValueError) as error:
                raise ReleaseRefused(f"{file.filename} is no wheel that can be read: {error}") from error
            self._directory_of = (file.filename, entries)
        return self._directory_of[1]

    def _inflated(self, file: IndexFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if info.compress_type == _STORED:
            yield from self._compressed(file, info)
            return
        if info.compress_type != _DEFLATED:
            raise ReleaseRefused(f"{info.filename} of {file.filename} is compressed in a way that is not read")
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for chunk in self._compressed(file, info):
                # Told how much is wanted it inflates no more at once, whatever a few bytes stand for.
                yield inflate.decompress(chunk, CHUNK)
                while inflate.unconsumed_tail:
                    yield inflate.decompress(inflate.unconsumed_tail, CHUNK)
            yield inflate.flush()
        except zlib.error as error:
            raise ReleaseRefused(f"{info.filename} of {file.filename} came damaged: {error}") from error

    def _compressed(self, file: IndexFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
        # APPNOTE 4.3.7: the local header has 30 bytes, then name and extra field of lengths of its own.
        name, extra = struct.unpack("<HH", b"".join(self._range(file, info.header_offset + 26, 4)))
        yield from self._range(file, info.header_offset + 30 + name + extra, info.compress_size)

    def _range(self, file: IndexFile, start: int, count: int) -> Iterator[bytes]:
        for first in range(start, start + count, CHUNK):
            last = min(first + CHUNK, start + count) - 1
            yield self._piece(file, first, last)

    def _piece(self, file: IndexFile, first: int, last: int) -> bytes:
        headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        count = last - first + 1

        def part(answer: WebAnswer) -> int:
            if answer.status != 206:
                raise IndexUnavailable(f"{file.filename}: the index answered {answer.status} to a range")
            return count

        try:
            answer = self._index.session.get(self._index.source(file), part, headers)
        except NoAnswer as error:
            raise IndexUnavailable(f"{file.filename} could not be read: {error}") from error
        if not answer.good:
            raise IndexUnavailable(f"{file.filename}: the index answered {answer.said} to a range")
        if len(answer.body) != count:
            raise IndexUnavailable(f"{file.filename}: the index gave {len(answer.body)} of {count} bytes")
        return answer.body
