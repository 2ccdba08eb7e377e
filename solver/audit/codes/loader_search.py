"""What the two ways of looking for a build's CUDA libraries share: by recorded facts and by files."""

from __future__ import annotations

from dataclasses import dataclass

from solver.audit.context import Provided


@dataclass(frozen=True)
class Missing:
    """A CUDA library that nothing of the set brings."""

    library: str
    """Its short name."""
    soname: str
    linked: bool = False
    """Whether the build is linked to it, so that it cannot be imported without."""


@dataclass(frozen=True)
class LibrarySearch:
    """How a build's search for its CUDA libraries ends."""

    hidden: tuple[Provided, ...] = ()
    """Brought by the set, but in no folder of the RUNPATH."""
    nowhere: tuple[Missing, ...] = ()
    """What nothing brings."""
    doubtful: tuple[Provided, ...] = ()
    """Brought by the set, and nobody read the RUNPATH."""
    unread: tuple[str, ...] = ()
    """Short names of what the set may bring, and no row tells."""
