"""Reads the dynamic section of a shared library: what it needs and where it looks.

Only what a wheel's library tells the loader; 64-bit little-endian ELF, which is
every platform that TensorFlow and torch publish CUDA wheels for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 15, 29


@dataclass(frozen=True)
class Dynamic:
    """The entries of a dynamic section, in their order."""

    needed: tuple[str, ...]
    """sonames (DT_NEEDED)."""
    runpath: tuple[str, ...]
    """Folders of DT_RUNPATH, or of DT_RPATH where that one is absent; $ORIGIN is left as it is."""


def dynamic_of(data: bytes) -> Dynamic:
    """The dynamic section of a shared library; ``ValueError`` where ``data`` is none that is read here."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("no 64-bit little-endian ELF file")
    try:
        return _dynamic(data)
    except struct.error as error:
        raise ValueError("the ELF file is cut short") from error


def _dynamic(data: bytes) -> Dynamic:
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    loads: list[tuple[int, int, int]] = []
    table: tuple[int, int] | None = None
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, start + number * size)
        if kind == _PT_LOAD:
            loads.append((address, offset, length))
        elif kind == _PT_DYNAMIC:
            table = (offset, length)
    if table is None:
        return Dynamic((), ())
    entries = _entries(data, *table)
    strings = next((value for tag, value in entries if tag == _DT_STRTAB), None)
    if strings is None:
        return Dynamic((), ())
    # The table names its strings by address; patchelf moves them into a segment of their own.
    base = next((offset + strings - address for address, offset, n in loads if 0 <= strings - address < n), 0)
    texts = [(tag, _text(data, base + value)) for tag, value in entries if tag in _WITH_TEXT]
    needed = tuple(text for tag, text in texts if tag == _DT_NEEDED)
    paths = [text for tag, text in texts if tag == _DT_RUNPATH] or [t for tag, t in texts if tag == _DT_RPATH]
    return Dynamic(needed, tuple(part for text in paths for part in text.split(":") if part))


_WITH_TEXT = (_DT_NEEDED, _DT_RPATH, _DT_RUNPATH)


def _entries(data: bytes, offset: int, length: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for place in range(offset, offset + length, 16):
        tag, value = struct.unpack_from("<QQ", data, place)
        if tag == _DT_NULL:
            break
        found.append((tag, value))
    return found


def _text(data: bytes, offset: int) -> str:
    end = data.index(b"\0", offset)
    return data[offset:end].decode("utf-8", "replace")
