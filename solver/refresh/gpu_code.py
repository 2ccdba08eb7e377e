"""What the bytes of a shared library tell of its GPU code: the GPUs that it is for, and the CUDA that compiled it.

nvcc puts machine code and PTX into fat binaries: a header, then one entry a GPU, each with a header of its own
(cuda.h of the CUDA driver API names the kinds; the layout is the one that cuobjdump prints). Entries may be
compressed, their headers never are.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.matrix.rows import PtxVersion

_MAGIC = struct.pack("<IHH", 0xBA55ED50, 1, 16)
"""Magic number, version and length of a fat binary's header; its length follows in eight bytes."""
_HEADER = len(_MAGIC) + 8
_ENTRY = struct.Struct("<HHIQIIHHI")
"""Kind, version, length of the header, length of the code, two numbers that are not used here, minor and major of
the code's own version, the GPU."""
_ENTRY_VERSION = 0x0101
_PTX, _NATIVE = 1, 2
_LONGEST_HEADER = 4096
_RELEASE = re.compile(rb"tools, release (\d+\.\d+), V")
"""How nvcc signs what it made: "Cuda compilation tools, release 12.9, V12.9.86"."""
_TAIL = 64


@dataclass
class GpuCode:
    """Reads a library part by part: call ``feed`` with each, in order."""

    native: set[int] = field(default_factory=set)
    """The GPUs that there is machine code for: 90 is compute capability 9.0."""
    ptx: set[int] = field(default_factory=set)
    isas: set[str] = field(default_factory=set)
    """Versions of the PTX."""
    releases: set[str] = field(default_factory=set)
    """major.minor of each nvcc that compiled a part of it."""
    _tail: bytes = b""
    _rest: bytes = b""
    """What was read and not yet understood; empty while code is passed over."""
    _skip: int = 0
    _left: int = 0
    """Bytes of the fat binary that is being read which were not looked at yet; 0: outside of any."""

    def feed(self, part: bytes) -> None:
        """Look at the next part of the library."""
        signed = self._tail + part  # what is looked for may lie across two parts
        self.releases.update(release.decode() for release in _RELEASE.findall(signed))
        self._tail = signed[-_TAIL:]
        if self._skip >= len(part):
            self._skip -= len(part)
            return
        self._walk(self._rest + part[self._skip :])

    def _walk(self, text: bytes) -> None:
        self._skip, at = 0, 0
        while at < len(text):
            here = self._entry(text, at) if self._left else self._begin(text, at)
            if here is None:
                self._rest = text[at:][-_LONGEST_HEADER:] if self._left else text[at:][-_TAIL:]
                return
            at = here
        self._rest, self._skip = b"", at - len(text)

    def _begin(self, text: bytes, at: int) -> int | None:
        """Behind the header of the next fat binary; None where none begins in ``text``."""
        start = text.find(_MAGIC, at)
        if start < 0 or start + _HEADER > len(text):
            return None
        self._left = int.from_bytes(text[start + len(_MAGIC) : start + _HEADER], "little")
        return start + _HEADER

    def _entry(self, text: bytes, at: int) -> int | None:
        """Behind the entry at ``at``; None where its header does not lie in ``text`` as a whole."""
        if at + _ENTRY.size > len(text):
            return None
        kind, version, header, length, _, _, minor, major, gpu = _ENTRY.unpack_from(text, at)
        whole = header + length
        if version != _ENTRY_VERSION or kind not in (_PTX, _NATIVE) or not whole <= self._left or header < _ENTRY.size:
            self._left = 0  # the magic number stood there by chance, or the rest is padding
            return at
        (self.ptx if kind == _PTX else self.native).add(gpu)
        if kind == _PTX:
            self.isas.add(f"{major}.{minor}")
        self._left -= whole
        return at + int(whole)


def capabilities(gpus: set[int]) -> tuple[str, ...]:
    """90 and 120 as compute capabilities, ascending: 9.0, 12.0."""
    return tuple(f"{gpu // 10}.{gpu % 10}" for gpu in sorted(gpus))


def compiled_by(releases: Iterable[str], isas: Iterable[str], written_by: Iterable[PtxVersion]) -> str | NotKnown:
    """The CUDA (major.minor) that compiled some code: as nvcc signed it, else the one that writes such PTX.

    Of several the newest. NOT_KNOWN where two toolkits write the same PTX, or no row tells which does.
    """
    signed = max(releases, key=Version, default=None)
    if signed is not None:
        return signed
    written = max(isas, key=Version, default=None)
    writers = [cuda for row in written_by if row.ptx == written for cuda in row.cuda]
    return writers[0] if len(writers) == 1 else NOT_KNOWN
