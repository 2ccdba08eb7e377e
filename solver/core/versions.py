"""Versions (PEP 440) and what asks for them: each text is parsed once, each question has one answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

# A search asks about the same few thousand texts millions of times; parsing one takes microseconds.
_CACHE_SIZE = 200_000
_PYTHON = re.compile(r"3\.(?:0|[1-9][0-9]?)(?![0-9])")


@lru_cache(maxsize=_CACHE_SIZE)
def as_version(text: str) -> Version:
    """``text`` as a version; raises ``packaging.version.InvalidVersion``."""
    return Version(text)


@lru_cache(maxsize=_CACHE_SIZE)
def as_specifier(text: str) -> SpecifierSet:
    """``text`` as a specifier, of which "" admits everything; raises ``packaging.specifiers.InvalidSpecifier``."""
    return SpecifierSet(text)


@lru_cache(maxsize=_CACHE_SIZE)
def as_requirement(text: str) -> Requirement:
    """``text`` as a requirement, to be read only; raises ``packaging.requirements.InvalidRequirement``."""
    return Requirement(text)


def version_or_none(text: str | None) -> Version | None:
    """``text`` as a version; None where there is none or it is none, as many of conda's are."""
    try:
        return None if text is None else as_version(text)
    except InvalidVersion:
        return None


def specifier_or_none(text: str) -> SpecifierSet | None:
    """``text`` as a specifier; None where it is none."""
    try:
        return as_specifier(text)
    except InvalidSpecifier:
        return None


@lru_cache(maxsize=_CACHE_SIZE)
def within(version: str, specifier: str) -> bool:
    """Whether ``version`` lies within ``specifier``; raises ``ValueError`` where one of them is none.

    A prerelease lies within what its place in the order of versions says: 2.0rc1 is within ">=1.0" and
    not within ">=2.0". (PEP 440 keeps installers from *choosing* prereleases that nobody asked for. Here
    a version is recorded, pinned or installed already, and whether it may be chosen was decided before.)
    """
    return as_specifier(specifier).contains(as_version(version), prereleases=True)


def meets(version: str, specifier: str) -> bool:
    """``within`` for texts of foreign files and channels: what is no version or no specifier meets nothing."""
    try:
        return within(version, specifier)
    except ValueError:  # InvalidVersion and InvalidSpecifier
        return False


def is_empty(specifier: str) -> bool:
    """Whether no version at all meets a specifier: ">=2,<1"."""
    return SpecifierSet(specifier, prereleases=True).is_unsatisfiable()


def kinds(specifiers: Iterable[str]) -> list[str]:
    """A final version of each kind that specifiers tell apart: one at every boundary, one after it, one before all.

    What is no specifier tells nothing apart.
    """
    points: dict[Version, str] = {}
    for clause in (clause for text in specifiers for clause in specifier_or_none(text) or ()):
        for point in _boundaries(clause):
            points.setdefault(point, str(point))
            if clause.operator == "==" and "+" not in clause.version and not clause.version.endswith(".*"):
                points[point] = clause.version
    depth = max((len(point.release) for point in points), default=0)
    versions = {as_version(text): text for text in ["0", *(_after(point, depth) for point in points)]}
    versions |= {point: text for point, text in points.items() if not point.is_prerelease}
    return [versions[version] for version in sorted(versions)]


def _boundaries(clause: Specifier) -> Iterator[Version]:
    """The versions at which the answer of one clause changes, without a local part."""
    told = version_or_none(clause.version.removesuffix(".*"))
    if told is None:
        return
    yield as_version(told.public)
    prefix = told.release[:-1] if clause.operator == "~=" else told.release
    if clause.operator == "~=" or clause.version.endswith(".*"):
        yield as_version(".".join(map(str, (*prefix[:-1], prefix[-1] + 1))))


def _after(point: Version, depth: int) -> str:
    """A version right after ``point``, of more parts than any other has."""
    return ".".join(map(str, (*point.release, *[0] * (depth - len(point.release)), 1)))


def major(version: str) -> int:
    """The first number of a dotted version: 12 of "12.8.1"; raises ``ValueError`` where it is no number."""
    return int(version.partition(".")[0])


def minor(version: str) -> str:
    """The first two parts of a dotted version: "12.8" of "12.8.1", "12" of "12"."""
    return leading(version, 2)


def python_minor(version: str) -> str | None:
    """major.minor of a python's version: "3.12" of "3.12.8"; None where it says none, such as "3"."""
    said = _PYTHON.match(version)
    return None if said is None else said[0]


def leading(version: str, parts: int) -> str:
    """The first ``parts`` of a dotted version: "9.10.2" of "9.10.2.21" for 3; fewer where it has no more."""
    return ".".join(version.split(".", parts)[:parts])


def runs(versions: Iterable[str]) -> str:
    """Versions of major.minor in words, oldest first, three neighbours and more as a run: "3.7 to 3.9, 3.12"."""
    told: list[list[tuple[int, int]]] = []
    for number in sorted(map(numbers, versions)):
        if told and told[-1][-1] == (number[0], number[1] - 1):
            told[-1].append(number)
        else:
            told.append([number])
    texts = ([f"{one}.{other}" for one, other in run] for run in told)
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > _FEW else ", ".join(run) for run in texts)


_FEW = 2


def numbers(version: str) -> tuple[int, int]:
    """Major and minor as numbers to compare: (12, 8) of "12.8.1"; a missing minor counts as 0."""
    first, second = [*version.split("."), "0"][:2]
    return int(first), int(second)
