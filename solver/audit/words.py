"""Words that every code's module needs."""

from __future__ import annotations

from collections.abc import Iterable


def listed(words: Iterable[str], most: int = 6) -> str:
    """``a, b and c``; what is beyond ``most`` becomes a number."""
    every = list(words)
    if len(every) > most:
        every = [*every[: most - 1], f"{len(every) - most + 1} more"]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
