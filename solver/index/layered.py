"""A live index behind the recorded one: asked for what the record lacks, or, for ``--live``, for everything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum

import msgspec
from packaging.version import Version

from solver.core.answer import Answer, NotKnown
from solver.core.errors import IndexUnavailable, NotRecorded
from solver.core.model import PypiName, Release, Requires, Target
from solver.core.versions import version_or_none
from solver.index import Index, ReleaseRefused, UnknownPackage
from solver.index.snapshot import SnapshotIndex

NEWEST = 8
"""Releases of a package without a record that are looked at first, for each python that its releases require."""
_AT_ONCE = 16
"""Questions to the index at one time."""


class _Depth(IntEnum):
    """How much of a package the live index is asked for."""

    RECORD = 0
    """Nothing: the record is taken for all there is."""
    NEWEST = 1
    """The listing, of which the newest releases are looked at."""
    ALL = 2


@dataclass
class Questions:
    """What a live index was asked."""

    asked: set[PypiName] = field(default_factory=set)
    """Packages whose releases were asked for."""
    read: set[str] = field(default_factory=set)
    """Names of wheels whose metadata were read."""
    passed_over: set[str] = field(default_factory=set)
    """Why releases cannot be used, each naming its own."""


Watch = Callable[[Questions], None]
"""Called whenever something more was asked."""


class LayeredIndex:
    """What ``recorded`` holds, as it holds it, and from ``live`` what it does not hold.

    Unless ``wide``, a package that is recorded is asked for only when ``more`` says so; of one that is not,
    the newest releases are looked at before, unless ``whole``, all are. An index that does not answer once is
    asked no more, unless ``wide`` or ``whole``: what it was asked for is not recorded then.
    """

    def __init__(
        self,
        recorded: SnapshotIndex,
        live: Index,
        *,
        wide: bool = False,
        whole: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.recorded, self.live, self.wide, self.whole = recorded, live, wide, whole
        self._watch = watch
        self.told: dict[str, Release] = {}
        """By the name of a wheel whose metadata the live index told, its release."""
        self.questions = Questions()
        self._gone: str | None = None
        self._depths: dict[PypiName, _Depth] = {}
        self._merged: dict[PypiName, tuple[Release, ...]] = {}

    @property
    def remedy(self) -> str:
        """Why the index did not tell more."""
        return self._gone or self.recorded.remedy

    def complete(self, name: PypiName) -> bool:
        """Whether every release was looked at."""
        return self._gone is None and self._depth(name) is _Depth.ALL

    def names(self) -> tuple[PypiName, ...]:
        """Those that are recorded."""
        return self.recorded.names()

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Recorded releases, then what is live only; raises as the recorded index does where the live one is gone.

        Of a recorded version that is a part with the wheels that were not recorded, where there are any.
        """
        if name not in self._merged:
            recorded = self._recorded(name)
            depth = self._depth(name)
            live = self._live(name, recorded) if depth is not _Depth.RECORD else ()
            if depth is _Depth.NEWEST:
                live = tuple(_newest(live))
            self._merged[name] = recorded + tuple(_fresh(recorded, live))
        return self._merged[name]

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """Look further at what the record lacks, and at what was looked at in part; whether there is anything new."""
        deeper = {name for name in lacking if self._depth(name) is not _Depth.ALL}
        deeper |= {name for name in involved if self._depth(name) is _Depth.NEWEST}
        before = {name: len(self._merged.get(name, ())) for name in deeper}
        for name in deeper if self._gone is None else ():
            self._depths[name] = _Depth.ALL
            self._merged.pop(name, None)
        return any(len(self._known(name)) > before[name] for name in sorted(deeper)) and self._gone is None

    def read_ahead(self, releases: Iterable[Release]) -> None:
        """Read at one time what ``requires`` will be asked for soon."""
        unread = [
            one for one in releases if isinstance(one.requires, NotKnown) and one.index == "default" and one.files
        ][:NEWEST]
        if len(unread) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                pool.map(self._try, unread)

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """As the live index, whose further wheels of a recorded release are a part of it, where it was asked."""
        if self._depth(name) is _Depth.RECORD or self._gone is not None:
            return self.recorded.covers(name, version, target)
        return self.live.covers(name, version, target)

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """As recorded; a live release of the default index is asked for its own, and for what the record left out."""
        if release.refused is not None:
            raise ReleaseRefused(release.refused)
        known = all(self.recorded.provides(release, extra) is not Answer.NOT_KNOWN for extra in extras)
        read = known and not isinstance(release.requires, NotKnown)
        if release.index != "default" or read or not self._may_ask(release):
            return release.requires
        self.told[release.files[0].filename] = release
        self._read(release)
        try:
            return self.live.requires(release, extras)
        except ReleaseRefused as error:
            self.questions.passed_over.add(str(error))
            raise

    def provides(self, release: Release, extra: str) -> Answer:
        """As recorded; of an extra that was not, a release of the default index is asked itself."""
        recorded = self.recorded.provides(release, extra)
        if recorded is not Answer.NOT_KNOWN or release.index != "default" or not self._may_ask(release):
            return recorded
        return self.live.provides(release, extra)

    def extras(self, release: Release) -> tuple[str, ...]:
        """As recorded, or of the default index, where it was asked, every one."""
        if not isinstance(release.provides, NotKnown) or release.index != "default" or not self._may_ask(release):
            return self.recorded.extras(release)
        return self.live.extras(release)

    def _asked(self, name: PypiName) -> None:
        self.questions.asked.add(name)
        self._tell()

    def _read(self, release: Release) -> None:
        self.questions.read.add(release.files[0].filename)
        self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._watch(self.questions)

    def _may_ask(self, release: Release) -> bool:
        return bool(release.files) and (self._gone is None or isinstance(release.requires, NotKnown))

    def _depth(self, name: PypiName) -> _Depth:
        if name not in self._depths:
            unasked = _Depth.ALL if self.wide else _Depth.RECORD
            depth = unasked if self._recorded(name) else _Depth.NEWEST
            self._depths[name] = _Depth.ALL if self.whole else depth
        return self._depths[name]

    def _known(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.releases(name)
        except (NotRecorded, UnknownPackage):
            return ()

    def _try(self, release: Release) -> None:
        self._read(release)
        try:
            self.live.requires(release)
        except IndexUnavailable:
            return  # told when it is asked for

    def _recorded(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.recorded.releases(name)
        except NotRecorded:
            return ()

    def _live(self, name: PypiName, recorded: tuple[Release, ...]) -> tuple[Release, ...]:
        if self._gone is None:
            try:
                releases = self.live.releases(name)
                self._asked(name)
                return releases
            except UnknownPackage:
                self._asked(name)
                if recorded:  # packages of another index need not be on the default one
                    return ()
                raise
            except IndexUnavailable as error:
                if self.wide or self.whole:
                    raise
                self._gone = str(error)
        if recorded:
            return ()
        raise NotRecorded(name)


def _newest(releases: Iterable[Release]) -> Iterator[Release]:
    """The newest final releases, of each group that requires the same python; the wheels of one version stay together.

    Which of them a target can use is not known here, and an old python is served by old releases.
    """
    versions: dict[Version, list[Release]] = defaultdict(list)
    for release in releases:
        version = version_or_none(release.version)
        if version is not None and not version.is_prerelease and release.files and release.yanked is None:
            versions[version].append(release)
    count: Counter[str | None] = Counter()
    for version in sorted(versions, reverse=True):
        python = versions[version][0].requires_python
        count[python] += 1
        if count[python] <= NEWEST:
            yield from versions[version]


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
