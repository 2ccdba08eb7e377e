"""A lock as something to prove, wherever its folder lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solver.core.model import Digest


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A lock to prove."""

    profile: str
    folder: Path
    digest: str
    """SHA-256 of the installable files."""
    packages: Mapping[str, str]
    """Version by name of everything the lock installs."""
    files: Mapping[str, Digest] = field(default_factory=dict)
    """By package the digest of what the lock says of its version and files; empty where pip installs nothing."""
    gpu: bool = True
    """False for a CPU lock, of which only the import half can be run."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that the lock asks for."""
    relaxed: tuple[str, ...] = ()
    """Packages whose declared bounds the lock breaks knowingly; ``pip check`` may name them."""
