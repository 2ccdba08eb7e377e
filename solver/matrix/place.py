"""Where a set of packages runs, as far as anybody said."""

from __future__ import annotations

from dataclasses import dataclass

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import Platform, Target


@dataclass(frozen=True)
class Place:
    """What rows may make a condition of; a field that nobody named is NOT_KNOWN."""

    platform: Platform
    python: str | NotKnown = NOT_KNOWN
    """major.minor."""
    driver: str | NotKnown | None = NOT_KNOWN
    """The NVIDIA driver; None: there is none, so that everything runs on the CPU."""
    gpus: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Compute capabilities, all of which count."""

    @classmethod
    def of(cls, target: Target, *, driver_named: bool = True) -> Place:
        """The place that ``target`` means; its driver counts only where somebody named it."""
        driver = target.driver if driver_named else NOT_KNOWN
        return cls(target.platform, target.python, driver, target.gpus or NOT_KNOWN)
