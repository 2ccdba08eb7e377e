"""The releases of a package: which of them count, in which order they are preferred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from packaging.version import Version

from solver.core.indexes import is_of_default
from solver.core.model import Release, is_built
from solver.core.versions import version_or_none


def by_version(releases: Iterable[Release]) -> dict[str, list[Release]]:
    """The parts of every final version; of every version where no final one is, as PEP 440 has it."""
    finals: dict[str, list[Release]] = defaultdict(list)
    others: dict[str, list[Release]] = defaultdict(list)
    for release in releases:
        version = version_or_none(release.version)
        if version is not None:
            (others if version.is_prerelease else finals)[release.version].append(release)
    return finals or others


def newest_first(releases: dict[str, Release]) -> Callable[[str], tuple[object, ...]]:
    """Newest public version first; of one version the default index's build, then the newest local part.

    What has to be built goes last: what its build makes is up to the machine that installs it.
    """
    newest = sorted({Version(Version(text).public) for text in releases}, reverse=True)
    rank = {version: position for position, version in enumerate(newest)}

    def key(text: str) -> tuple[object, ...]:
        local = Version(text).local or ""
        inverted = tuple(-ord(letter) for letter in local)
        release = releases[text]
        return is_built(release.files), rank[Version(Version(text).public)], not is_of_default(release.index), inverted

    return key
