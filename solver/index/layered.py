"""A live index behind the recorded one: asked for what the record lacks, or, for ``--live``, for everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import msgspec

from solver.core import names
from solver.core.answer import Answer, NotKnown
from solver.core.errors import IndexUnavailable, NotRecorded
from solver.core.indexes import is_partial
from solver.core.markers import extras_in
from solver.core.model import PypiName, Release, Requires, Target, is_built, pypi_name
from solver.core.versions import as_requirement
from solver.index import Index, ReleaseRefused, UnknownPackage
from solver.index.snapshot import SnapshotIndex

NEWEST = 8
"""Releases of a package without a record that are looked at first: the newest that the target can use."""
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

    packages: set[PypiName] = field(default_factory=set)
    """Packages whose releases were asked for."""
    read: set[str] = field(default_factory=set)
    """Names of wheels whose metadata were read."""
    passed_over: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """By project, the releases that cannot be used: version and why, which names its file."""


Watch = Callable[[Questions], None]
"""Called whenever something more was asked."""


class LayeredIndex:
    """What ``recorded`` holds, as it holds it, and from ``live`` what it does not hold.

    Unless ``wide`` or ``whole``, nothing is asked before ``more`` says that the record does not do, and then a
    package that is recorded only when ``more`` says so again; of one that is not, the newest releases are looked at
    before, unless ``whole``, all are. An index that does not answer once is asked no more, unless ``wide`` or
    ``whole``: what it was asked for is not recorded then.
    """

    def __init__(
        self,
        recorded: SnapshotIndex,
        live: Index,
        *,
        wide: bool = False,
        whole: bool = False,
        newer: frozenset[PypiName] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.recorded, self.live, self.wide, self.whole = recorded, live, wide, whole
        self._newer = newer
        """The recorded packages of which, where it is wide, newer releases are asked for; None: of all."""
        self._watch = watch
        self.live_releases: dict[str, Release] = {}
        """By the name of a wheel whose metadata the live index told, its release."""
        self.questions = Questions()
        self._asking = wide or whole
        """Whether anything may be asked yet: what the record answers is answered by the record alone."""
        self._gone: str | None = None
        self._depths: dict[PypiName, _Depth] = {}
        self._merged: dict[PypiName, tuple[Release, ...]] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._listings: dict[PypiName, Future[tuple[Release, ...]]] = {}
        """Listings that were asked for ahead."""

    def about(self, newer: frozenset[PypiName]) -> LayeredIndex:
        """The same, which asks for newer releases of these recorded packages alone."""
        return LayeredIndex(self.recorded, self.live, wide=self.wide, whole=self.whole, newer=newer, watch=self._watch)

    @cached_property
    def _recorded_names(self) -> frozenset[PypiName]:
        return frozenset(self.recorded.names())

    @property
    def remedy(self) -> str:
        """Why the index did not tell more."""
        return self._gone or self.recorded.remedy

    def complete(self, name: PypiName) -> bool:
        """Whether every release was looked at."""
        return self._asking and self._gone is None and self._depth(name) is _Depth.ALL

    def listed_whole(self, name: PypiName, target: Target) -> str | NotKnown:
        """All, where every release was looked at, otherwise as the record."""
        return "" if self.complete(name) else self.recorded.listed_whole(name, target)

    def names(self) -> tuple[PypiName, ...]:
        """Those that are recorded."""
        return self.recorded.names()

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Recorded releases, then what is live only; raises as the recorded index does where the live one is not asked.

        Of a recorded version that is a part with the wheels that were not recorded, where there are any.
        """
        depth = self._depth(name)
        if not self._asking or depth is _Depth.RECORD:
            return self.recorded.releases(name)
        if name not in self._merged:
            recorded = self._recorded(name)
            live = self._live(name, recorded)
            self._merged[name] = recorded + tuple(_fresh(recorded, live))
        return self._merged[name]

    def more(self, lacking: Iterable[PypiName], involved: Iterable[PypiName]) -> bool:
        """Look further at what the record lacks, and at what was looked at in part; whether there is anything new."""
        # Of what is kept for the sake of locks, other releases exist for sure.
        lacking = {*lacking, *(name for name in involved if name in self.recorded.kept)}
        deeper = {name for name in lacking if self._depth(name) is not _Depth.ALL}
        deeper |= {name for name in involved if self._depth(name) is _Depth.NEWEST}
        if not self._asking:
            # First what has no record, and extras of which nothing was recorded: that is often enough.
            self._asking = bool(deeper)
            self._merged.clear()
            return self._asking
        if self._gone is not None:
            return False
        before = {name: self._looked_at(name) for name in deeper}
        for name in deeper:
            self._depths[name] = _Depth.ALL
            self._merged.pop(name, None)
        new = [name for name in sorted(deeper) if len(self._known(name)) > before[name]]
        return bool(new) and self._gone is None

    def _looked_at(self, name: PypiName) -> int:
        """How many releases were looked at so far, at most."""
        if self._depth(name) is _Depth.RECORD:
            return len(self._recorded(name))
        return min(len(self._merged.get(name, ())), NEWEST)

    def looked_at(self, name: PypiName, releases: Sequence[Release]) -> Sequence[Release]:
        """The newest of a package without a record, until ``more`` asks for all; read at one time."""
        looked_at = releases[:NEWEST] if self._asking and self._depth(name) is _Depth.NEWEST else releases
        # A source archive is read whole, and may be a large one: only what the search wants of it.
        unread = [one for one in looked_at if isinstance(one.requires, NotKnown) and not is_built(one.files)]
        futures = [self._pool.submit(self._try, one) for one in unread[:NEWEST] if self._may_ask(one)]
        wait(futures)
        return looked_at

    def covers(self, name: PypiName, version: str, target: Target) -> bool:
        """As the live index, whose further wheels of a recorded release are a part of it, where it was asked."""
        if not self._asking or self._depth(name) is _Depth.RECORD or self._gone is not None:
            return self.recorded.covers(name, version, target)
        return self.live.covers(name, version, target)

    def requires(self, release: Release, extras: Iterable[str] = ()) -> Requires:
        """As recorded; a live release of the default index is asked for its own, and for what the record left out."""
        if release.refused is not None:
            raise ReleaseRefused(release.refused)
        known = all(self.recorded.provides(release, extra) is not Answer.NOT_KNOWN for extra in extras)
        read = known and not isinstance(release.requires, NotKnown)
        if is_partial(release.index) or read or not self._may_ask(release):
            return release.requires
        self.live_releases[release.files[0].filename] = release
        self._read(release)
        try:
            return self.live.requires(release, extras)
        except ReleaseRefused as error:
            project = names.distribution(release.files[0].filename).project
            self.questions.passed_over.setdefault(project, set()).add((release.version, str(error)))
            raise
        except UnknownPackage:  # the record of a release goes on to stand
            del self.live_releases[release.files[0].filename]
            return release.requires

    def provides(self, release: Release, extra: str) -> Answer:
        """As recorded; of an extra that was not, a release of the default index is asked itself."""
        recorded = self.recorded.provides(release, extra)
        if recorded is not Answer.NOT_KNOWN or is_partial(release.index) or not self._may_ask(release):
            return recorded
        try:
            return self.live.provides(release, extra)
        except UnknownPackage:
            return recorded

    def extras(self, release: Release) -> tuple[str, ...]:
        """As recorded, or of the default index, where it was asked, every one."""
        if not isinstance(release.provides, NotKnown) or is_partial(release.index) or not self._may_ask(release):
            return self.recorded.extras(release)
        try:
            return self.live.extras(release)
        except UnknownPackage:
            return self.recorded.extras(release)

    def _count_question(self, name: PypiName) -> None:
        self.questions.packages.add(name)
        self._tell()

    def _read(self, release: Release) -> None:
        self.questions.read.add(release.files[0].filename)
        self._tell()

    def _tell(self) -> None:
        if self._watch is not None:
            self._watch(self.questions)

    def _may_ask(self, release: Release) -> bool:
        return self._asking and bool(release.files) and (self._gone is None or isinstance(release.requires, NotKnown))

    def _depth(self, name: PypiName) -> _Depth:
        if name not in self._depths:
            wanted = self.wide and (self._newer is None or name in self._newer)
            unasked = _Depth.ALL if wanted else _Depth.RECORD
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
            requires = self.live.requires(release)
        except IndexUnavailable:
            return  # told when it is asked for
        for text in () if isinstance(requires, NotKnown) else requires:
            if not extras_in(text):
                self._list_ahead(pypi_name(as_requirement(text).name))

    def _list_ahead(self, name: PypiName) -> None:
        """Ask for the releases of a package that is likely to be needed."""
        if name not in self._listings and name not in self._recorded_names:
            self._listings[name] = self._pool.submit(self.live.releases, name)

    def _recorded(self, name: PypiName) -> tuple[Release, ...]:
        try:
            return self.recorded.releases(name)
        except NotRecorded:
            return ()

    def _live(self, name: PypiName, recorded: tuple[Release, ...]) -> tuple[Release, ...]:
        if self._gone is None:
            try:
                listing = self._listings.pop(name, None)
                releases = self.live.releases(name) if listing is None else listing.result()
                self._count_question(name)
                return releases
            except UnknownPackage:
                self._count_question(name)
                if recorded:  # packages of another index need not be on the default one
                    return ()
                raise
            except IndexUnavailable as error:
                # What only one place may tell is not replaced by what others say.
                if self.wide or self.whole or self.recorded.bindings.index_of(name) is not None:
                    raise
                self._gone = str(error)
        if recorded:
            return ()
        raise NotRecorded(name)


def _fresh(recorded: Iterable[Release], live: Iterable[Release]) -> Iterator[Release]:
    """What of ``live`` is not among ``recorded``: other versions, and further wheels of the same."""
    known: dict[str, set[str]] = defaultdict(set)
    for release in recorded:
        if not is_partial(release.index):
            known[release.version].update(file.filename for file in release.files)
    for release in live:
        if release.version not in known:
            yield release
        elif files := tuple(file for file in release.files if file.filename not in known[release.version]):
            yield msgspec.structs.replace(release, files=files)
