"""Cut a bundle into parts that each fit a medium; ``verify.py`` puts them together again.

Every part holds ``part.json``, the manifest, ``verify.py`` and pieces, so that parts may arrive in any
order, and any of them tells what is still missing.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from solver.core import names, reading
from solver.core.errors import BadInput
from solver.core.model import Digest, Value
from solver.core.scratch import scratch_folder
from solver.proof.bundle.manifest import NAME, Manifest

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}
_BLOCK = 1 << 20
_DESCRIPTION = 65536
"""Bytes kept free in each part for part.json."""


class Piece(Value, frozen=True, kw_only=True):
    """A run of bytes of one file."""

    name: str
    """File name in the part."""
    path: str
    """The file of the bundle that it belongs to."""
    offset: int
    size: int
    sha256: Digest


class BundlePart(Value, frozen=True, kw_only=True):
    """part.json: one part of a bundle."""

    version: int = 1
    bundle: Digest
    """SHA-256 of the manifest, which names the bundle."""
    number: int
    count: int
    pieces: tuple[Piece, ...]


def parse_size(text: str) -> int:
    """Bytes of "54MB", "50MiB", "1.5 GB" or a plain number; raises ``BadInput``."""
    match = re.fullmatch(r"\s*([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([KMG]?I?)B?\s*", text.upper())
    if match is None or match[2] not in _UNITS:
        raise BadInput(f"{names.shown(text)} is no size", key="--split", fix="write it like 54MB or 2GiB")
    size = int(Decimal(match[1]) * _UNITS[match[2]])
    if size == 0:
        raise BadInput("parts of no bytes hold nothing", key="--split", fix="write it like 54MB or 2GiB")
    return size


def _cuts(manifest: Manifest, room: int) -> Iterator[list[tuple[str, int, int]]]:
    """Fill parts one after the other; yields the (path, offset, size) of each."""
    part: list[tuple[str, int, int]] = []
    left = room
    for file in manifest.files:
        offset = 0
        while True:
            size = min(left, file.size - offset)
            part.append((file.path, offset, size))
            offset, left = offset + size, left - size
            if left == 0:
                yield part
                part, left = [], room
            if offset == file.size:
                break
    if part:
        yield part


def split(bundle: Path, parts: Path, size: int) -> tuple[Path, ...]:
    """Cut ``bundle`` into ``parts``/c000, c001 …, each holding at most ``size`` bytes; returns them.

    All of them appear at once, so that a kill leaves none that would have to be taken away.
    """
    content = reading.read_bytes(bundle / NAME)
    manifest = msgspec.json.decode(content, type=Manifest, strict=True)
    room = size - len(content) - (bundle / "verify.py").stat().st_size - _DESCRIPTION
    if room < 1024:
        raise BadInput(f"parts of {size} bytes are too small", key="--split", fix="allow at least 1MB")
    cuts = list(_cuts(manifest, room))
    if parts.exists() and any(parts.iterdir()):
        raise BadInput("this folder is not empty", file=parts, fix="name a new one for the parts")
    parts.parent.mkdir(parents=True, exist_ok=True)
    parts = parts.resolve()
    with scratch_folder(parts.parent) as work:
        _write_parts(bundle, work / parts.name, cuts, size)
        if parts.exists():
            parts.rmdir()
        (work / parts.name).rename(parts)
    return tuple(sorted(parts.iterdir()))


def _write_parts(bundle: Path, parts: Path, cuts: list[list[tuple[str, int, int]]], size: int) -> None:
    """Write each part of ``cuts``; raises ``BadInput`` where one takes more than ``size`` bytes."""
    content, script = reading.read_bytes(bundle / NAME), bundle / "verify.py"
    name = hashlib.sha256(content).hexdigest()
    for number, cut in enumerate(cuts):
        folder = parts / f"c{number:03d}"
        folder.mkdir(parents=True)
        pieces = tuple(_piece(bundle, folder, index, *one) for index, one in enumerate(cut))
        part = BundlePart(bundle=name, number=number, count=len(cuts), pieces=pieces)
        (folder / "part.json").write_bytes(msgspec.json.encode(part))
        (folder / NAME).write_bytes(content)
        shutil.copyfile(script, folder / "verify.py")
        total = sum(path.stat().st_size for path in folder.iterdir())
        if total > size:
            raise BadInput(f"part {number} takes {total} bytes", key="--split", fix="allow larger parts")


def _piece(bundle: Path, folder: Path, index: int, path: str, offset: int, size: int) -> Piece:
    digest, name, left = hashlib.sha256(), f"p{index:04d}", size
    with (bundle / path).open("rb") as source, (folder / name).open("wb") as target:
        source.seek(offset, os.SEEK_SET)
        while left:
            block = source.read(min(_BLOCK, left))
            if not block:
                raise BadInput("the file is shorter than the manifest says", file=bundle / path)
            digest.update(block)
            target.write(block)
            left -= len(block)
    return Piece(name=name, path=path, offset=offset, size=size, sha256=digest.hexdigest())
