"""A live index behind the recorded one, for ``--live``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from solver.core.answer import Answer, NotKnown
from solver.core.errors import NotRecorded
from solver.core.model import PypiName, Release, Requires, Target
from solver.index import Index, UnknownPackage


class LayeredIndex:
    """What ``recorded`` holds, as it holds it, and from ``live`` the releases that it does not hold."""

    complete = True

    def __init__(self, recorded: Index, live: Index) -> None:
        self.recorded, self.live = recorded, live
        self._merged: dict[PypiName, tuple[Release, ...]] = {}

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Recorded releases, then what is live only; raises as the live index does.

        Of a recorded version that is a part with the wheels that were not recorded, where there are any.
        """
        if name not in self._merged:
            recorded = self._recorded(name)
            self._merged[name] = recorded + tuple(_fresh(recorded, self._live(name, recorded)))
        return self._merged[name]

    def names(self) -> tuple[PypiName, ...]:
        """Those that are recorded."""
        return self.recorded.names()

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """As the live index, whose further wheels of a recorded release are a part of it."""
        return self.live.covers(name, version, target)

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """As recorded; a live release of the default index is asked for its own, and for what the record left out."""
        known = all(self.recorded.provides(release, extra) is Answer.YES for extra in extras)
        if release.index != "default" or (known and not isinstance(release.requires, NotKnown)):
            return release.requires
        return self.live.requires(release, extras)

    def provides(self, release: Release, extra: str) -> Answer:
        """As recorded; of an extra that was not, a release of the default index is asked itself."""
        recorded = self.recorded.provides(release, extra)
        if recorded is Answer.YES or release.index != "default":
            return recorded
        return self.live.provides(release, extra)

    def _recorded(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.recorded.releases(name)
        except NotRecorded:
            return ()

    def _live(self, name: PypiName, recorded: tuple[Release, ...]) -> tuple[Release, ...]:
        try:
            return self.live.releases(name)
        except UnknownPackage:
            if recorded:  # packages of another index need not be on the default one
                return ()
            raise


def _fresh(recorded: Iterable[Release], live: Iterable[Release]) -> Iterator[Release]:
    """What of ``live`` is not among ``recorded``: other versions, and further wheels of the same."""
    known: dict[str, set[str]] = defaultdict(set)
    for release in recorded:
        if release.index == "default":
            known[release.version].update(file.filename for file in release.files)
    for release in live:
        if release.version not in known:
            yield release
        elif files := tuple(file for file in release.files if file.filename not in known[release.version]):
            yield msgspec.structs.replace(release, files=files)
