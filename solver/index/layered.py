"""A live index behind the recorded one, for ``--live``."""

from __future__ import annotations

from solver.core.errors import NotRecorded
from solver.core.model import PypiName, Release
from solver.index import Index, UnknownPackage


class LayeredIndex:
    """What ``recorded`` holds, as it holds it, and from ``live`` the releases that it does not hold."""

    complete = True

    def __init__(self, recorded: Index, live: Index) -> None:
        self.recorded, self.live = recorded, live
        self._merged: dict[PypiName, tuple[Release, ...]] = {}

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Recorded releases, then live ones of other versions; raises as the live index does."""
        if name not in self._merged:
            recorded = self._recorded(name)
            held = {release.version for release in recorded if release.index == "default"}
            fresh = tuple(release for release in self._live(name, recorded) if release.version not in held)
            self._merged[name] = recorded + fresh
        return self._merged[name]

    def requires(self, release: Release) -> tuple[str, ...] | None:
        """As recorded; a live release of the default index is asked for its own."""
        if release.requires is not None or release.index != "default":
            return release.requires
        return self.live.requires(release)

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
