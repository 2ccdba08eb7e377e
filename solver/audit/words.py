"""Small things about versions and words that every code's module needs."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from solver.audit.package_set import Package


def minor(dotted: str) -> tuple[int, int]:
    """(12, 8) of "12.8.1"; a missing minor counts as 0."""
    parts = [*dotted.split("."), "0"]
    return int(parts[0]), int(parts[1])


@functools.lru_cache(maxsize=8192)
def version(text: str | None) -> Version | None:
    """``text`` as a version; None where it is none."""
    try:
        return None if text is None else Version(text)
    except InvalidVersion:
        return None


@functools.lru_cache(maxsize=8192)
def specifier(text: str) -> SpecifierSet | None:
    """``text`` as a specifier; None where it is none."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


@functools.lru_cache(maxsize=65536)
def matches(specifier_text: str, version_text: str) -> bool:
    """Whether a version is within a specifier; an empty specifier holds for every version."""
    spec, value = specifier(specifier_text), version(version_text)
    return spec is not None and value is not None and spec.contains(value, prereleases=True)


def pins(packages: Iterable[Package]) -> tuple[str, ...]:
    """The pins of ``packages``, sorted and once each."""
    return tuple(sorted({package.pin for package in packages}))


def listed(words: Iterable[str], most: int = 6) -> str:
    """``a, b and c``; what is beyond ``most`` becomes a number."""
    every = list(words)
    if len(every) > most:
        every = [*every[: most - 1], f"{len(every) - most + 1} more"]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
