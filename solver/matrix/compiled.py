"""Matrix files as they were read before, kept for the user by the digest of what they hold: YAML is slow to read."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from solver.core import reading
from solver.core.caches import user_cache
from solver.core.errors import BadInput
from solver.core.vouched import vouched, vouching
from solver.core.whole import put_whole

_FORM = "1"
"""Of what is kept; another one is not read."""


class CompiledFile(msgspec.Struct, frozen=True):
    """What a matrix file of the right form holds."""

    rows: Sequence[Any]
    """Each as plain dicts, lists and scalars."""
    lines: Sequence[int]
    """Where the id of each row stands."""


def compiled(content: bytes) -> CompiledFile | None:
    """What was kept of a file with this ``content``; None where nothing was, or it was changed."""
    try:
        return msgspec.msgpack.decode(vouched(reading.read_bytes(_place(content))), type=CompiledFile)
    except (BadInput, msgspec.DecodeError):
        return None


def keep(content: bytes, file: CompiledFile) -> None:
    """Keep what a file with this ``content`` holds; a cache that cannot be written is none, and no error."""
    with contextlib.suppress(OSError):
        put_whole(_place(content), vouching(msgspec.msgpack.encode(file)), durable=False)


def _place(content: bytes) -> Path:
    return user_cache() / "matrices" / _FORM / hashlib.sha256(content).hexdigest()
