"""Small things about words that every code's module needs."""

from __future__ import annotations

from collections.abc import Iterable

from solver.audit.package_set import Package


def pins(packages: Iterable[Package]) -> tuple[str, ...]:
    """The pins of ``packages``, sorted and once each."""
    return tuple(sorted({package.pin for package in packages}))


def listed(words: Iterable[str], most: int = 6) -> str:
    """``a, b and c``; what is beyond ``most`` becomes a number."""
    every = list(words)
    if len(every) > most:
        every = [*every[: most - 1], f"{len(every) - most + 1} more"]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
