"""Words that every code's module needs."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LACKING = 20
"""So many names are listed of what nobody recorded."""


def listed(words: Iterable[str], most: int = 6) -> str:
    """``a, b and c``; what is beyond ``most`` becomes a number."""
    every = list(words)
    if len(every) > most:
        every = [*every[: most - 1], f"{len(every) - most + 1} more"]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 package``, ``2 packages``; ``plural`` of a noun that takes no s."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
