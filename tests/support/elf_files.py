"""ELF files without a compiler: as little as a reader of dynamic sections needs."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def library(
    needed: Sequence[str] = (), runpath: str = "", rpath: str = "", symbols: Sequence[str] = (), text: str = ""
) -> bytes:
    """A 64-bit ELF file that holds a dynamic section and the names of symbols."""
    strings = b"\0"
    entries = []
    paths = ((29, runpath), (15, rpath))
    for tag, name in [*((1, each) for each in needed), *((tag, path) for tag, path in paths if path)]:
        entries.append((tag, len(strings)))
        strings += name.encode() + b"\0"
    strings += b"\0".join(each.encode() for each in symbols) + b"\0" + text.encode() + b"\0"
    header, table, base = 64, 64 + 2 * 56, 0x1000
    dynamic = table
    entries += [(5, base), (0, 0)]
    start = dynamic + 16 * len(entries)
    head = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, header, 0, 0, 64, 56, 2, 64, 0, 0)
    )
    load = struct.pack("<IIQQQQQQ", 1, 4, start, base, base, len(strings), len(strings), 8)
    dyn = struct.pack("<IIQQQQQQ", 2, 4, dynamic, 0, 0, 16 * len(entries), 16 * len(entries), 8)
    return head + load + dyn + b"".join(struct.pack("<QQ", *each) for each in entries) + strings


def fat_binary(*code: tuple[int, int], isa: int = 9) -> bytes:
    """What nvcc puts into a library: a kind (1 is PTX, 2 machine code) and the GPU of each part."""
    parts = code or ((2, 75), (2, 90), (1, 120))
    entries = b"".join(
        struct.pack("<HHIQIIHHI", kind, 0x0101, 32, 4, 0, 0, 0, isa, gpu) + b"code" for kind, gpu in parts
    )
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entries)) + entries
