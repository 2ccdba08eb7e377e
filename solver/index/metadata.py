"""Core metadata of one wheel: what is read of it, and the user's cache of it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement

from solver.core.errors import IndexUnavailable


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a wheel's METADATA that decides what it needs."""

    requires: tuple[str, ...]
    """PEP 508 requirements as packaging writes them, sorted, without duplicates."""
    requires_python: str | None = None


def parse_metadata(data: bytes, filename: str) -> Metadata:
    """``Metadata`` of the METADATA file ``data``.

    Raises ``IndexUnavailable`` where a requirement of it is none by PEP 508.
    """
    raw, _ = parse_email(data)
    return Metadata(
        requires=tuple(sorted({_requirement(text, filename) for text in raw.get("requires_dist", [])})),
        requires_python=raw.get("requires_python"),
    )


def _requirement(text: str, filename: str) -> str:
    try:
        return str(Requirement(text))
    except InvalidRequirement as error:
        problem = str(error).splitlines()[0]
        raise IndexUnavailable(f'{filename} asks for "{text}", which is no requirement: {problem}') from None


def user_cache() -> Path:
    """Folder for what was read once: $INTERLOCK_CACHE_DIR, or "interlock" in the system's cache folder."""
    chosen = os.environ.get("INTERLOCK_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "interlock"


class MetadataCache:
    """Metadata by the sha256 of its wheel, which never changes; one small file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, sha256: str) -> Metadata | None:
        """What was kept; None where nothing readable was."""
        try:
            return msgspec.json.decode(self._path(sha256).read_bytes(), type=Metadata)
        except (OSError, msgspec.DecodeError):
            return None

    def put(self, sha256: str, metadata: Metadata) -> None:
        """Keep ``metadata``; a cache that cannot be written is none, and no error."""
        path = self._path(sha256)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(msgspec.json.encode(metadata))
            temporary.replace(path)
        except OSError:
            return

    def _path(self, sha256: str) -> Path:
        return self.folder / "metadata" / sha256[:2] / f"{sha256}.json"
