"""conda channels as the solver asks for them: by package name, in the order of their priority.

A channel is read from a folder, a web server or a mirror; what comes out names
the channel's own address, never the mirror's and never a credential. The
recorded snapshot (``conda_snapshot``) has the same shape.
"""

from __future__ import annotations

import asyncio
import time
import traceback
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from solver.core import names, reading
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import Platform, conda_name
from solver.index.conda_config import CondaSettings, trimmed, without_credentials
from solver.index.conda_folder import Loader, folder_loader, folder_of
from solver.index.conda_record import CondaRecord, check_archive, from_rattler
from solver.index.conda_singly import Unread
from solver.index.conda_web import WebChannel
from solver.index.condarc import read_settings

if TYPE_CHECKING:
    from rattler import PackageName, RepoDataRecord, Subdir

T = TypeVar("T")
Refuses = Callable[["RepoDataRecord"], bool]
MOST_SPECS = 5000
"""What a record may ask for; metapackages of whole distributions ask for some hundreds."""
LONGEST_SPEC = 2000
"""Letters of one of them."""


class CondaSource(Protocol):
    """Channels in the order of their priority."""

    @property
    def channels(self) -> tuple[str, ...]:
        """As environment.yml names them, highest priority first."""
        ...

    @property
    def partial(self) -> bool:
        """Whether only part of each channel is known, so that "no solution" proves less."""
        ...

    def opened(self, platform: Platform) -> Sequence[ChannelRecords]:
        """The channels, each ready to be asked for records of ``platform`` and noarch."""
        ...


@dataclass
class ChannelRecords:
    """One channel in the shape that py-rattler's solver asks for.

    Each name is loaded once; ``refuses`` keeps records from the solver, and so
    does a channel ``above`` this one that has the name at all. py-rattler's own
    strict priority looks only at records that meet the request's spec.
    """

    name: str
    address: str
    loader: Loader
    subdirs: tuple[str, ...]
    """The target's platform and noarch."""
    inferred: frozenset[str] = frozenset()
    """``subdir/filename`` of records that are partly derived."""
    refuses: Refuses | None = None
    """None: it refuses none."""
    above: Sequence[ChannelRecords] = ()
    aliases: frozenset[str] = frozenset()
    """What else it is called: by addresses that it is read from, and by names of several of which it is one."""
    bound: frozenset[str] = frozenset()
    """Packages that are wanted from this channel, whatever those above it have."""
    elsewhere: frozenset[str] = frozenset()
    """Packages that are wanted from another one."""
    only: Mapping[str, str] = field(default_factory=dict)
    """The subdir that packages are wanted from, by name."""
    failure: Exception | None = None
    """What went wrong while py-rattler asked, which would tell only its text; None: nothing did."""
    lies: dict[str, list[str]] = field(default_factory=dict)
    """By name, a sentence for each record that cannot be of the package that was asked for; none of them is used."""
    _loaded: dict[tuple[str, str], list[RepoDataRecord]] = field(default_factory=dict)

    async def load(self, subdir: str, name: str) -> list[RepoDataRecord]:
        """Every record of ``name``, refused ones too, under the channel's own address."""
        key = subdir, name
        if not _is_name(name):  # a dependency may be written with an address or a channel, which names no package
            return []
        if key not in self._loaded:
            records = self._true(await self.loader(subdir, name), subdir, name)
            for record in records:
                record.channel = self.address
                record.url = f"{self.address}/{subdir}/{record.file_name}"
            # The solver breaks ties by position, and no source promises an order.
            self._loaded[key] = sorted(records, key=lambda record: record.file_name)
        return self._loaded[key]

    def _true(self, records: Iterable[RepoDataRecord], subdir: str, name: str) -> list[RepoDataRecord]:
        """Those of ``records`` whose archive is one of the package that was asked for."""
        genuine = []
        for record in records:
            try:
                check_archive(record.file_name, name, str(record.version), str(record.build))
                if record.name.normalized != name or record.subdir != subdir:
                    raise names.BadName(f"the channel says that it is {record.name.normalized} of {record.subdir}")
                _check_specs((*record.depends, *record.constrains))
                _check_lockable(record)
            except names.BadName as error:
                lie = f"{name} {names.one_line(str(record.version))} of channel {self.name} may not be chosen: {error}"
                self.lies.setdefault(name, []).append(lie)
                continue
            genuine.append(record)
        return genuine

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """py-rattler's own question."""
        if name.normalized in self.elsewhere or self.only.get(name.normalized, str(platform)) != str(platform):
            return []
        try:
            for channel in () if name.normalized in self.bound else self.above:
                if await channel.has(name.normalized):
                    return []
            records = await self.load(str(platform), name.normalized)
        except Exception as error:
            self.failure = error
            raise
        return [r for r in records if self.refuses is None or not self.refuses(r)]

    def is_called(self, name: str) -> bool:
        """Whether ``name`` is the channel's name, its address, or stands for it and others."""
        meant = {self.name, self.address, *self.aliases}
        return name in meant or self.address in map(trimmed, CondaSettings().members(name))

    async def has(self, name: str) -> bool:
        """Whether the channel knows ``name``, for the target or for all platforms."""
        return any([await self.load(subdir, name) for subdir in self.subdirs])

    def package_names(self, platform: Subdir) -> list[str]:
        """py-rattler asks this only to list a channel, which nothing here does."""
        return []

    def ours(self, record: RepoDataRecord) -> CondaRecord:
        """``record`` of this channel as ours."""
        place = f"{record.subdir}/{record.file_name}"
        try:
            return from_rattler(record, self.address, inferred=place in self.inferred)
        except ValueError as error:
            raise IndexUnavailable(f"channel {self.name}: {error}") from error


def _check_specs(specs: Sequence[str]) -> None:
    """Raise ``names.BadName`` for what nobody asks for and py-rattler is long busy with."""
    if len(specs) > MOST_SPECS:
        raise names.BadName(f"it asks for more than {MOST_SPECS} packages")
    longest = max(map(len, specs), default=0)
    if longest > LONGEST_SPEC:
        raise names.BadName(f"it asks for a package in {longest} letters")


def _check_lockable(record: RepoDataRecord) -> None:
    """Raise ``names.BadName`` for what could never be verified, and what no line of a lock holds."""
    if record.sha256 is None:
        raise names.BadName("the channel gives no sha256")
    texts = (*record.track_features, record.license or "")
    if not names.is_one_line(" ".join(texts) or "-"):
        odd = next(text for text in texts if not names.is_one_line(text or "-"))
        raise names.BadName(f"it tells {names.shown(odd)}, which is no line of text")


def _is_name(text: str) -> bool:
    try:
        return conda_name(text) == text
    except names.BadName:
        return False


@dataclass(frozen=True)
class CondaIndex:
    """Live channels, or copies of them in folders.

    ``inferred`` names records as ``channel/subdir/filename`` that were put
    together by inference rather than read from a channel.
    """

    channels: tuple[str, ...] = ("conda-forge",)
    settings: CondaSettings = field(default_factory=CondaSettings)
    inferred: frozenset[str] = frozenset()
    cache: Path | None = None
    """Folder for downloaded repodata; None: what $RATTLER_CACHE_DIR names, or py-rattler's own."""
    partial: bool = False

    def opened(self, platform: Platform) -> Sequence[ChannelRecords]:
        """The channels; nothing is read before a name is asked for."""
        return in_priority(self._opened(channel, platform) for channel in self.settings.allowed(self.channels))

    def _aliases(self, channel: str) -> frozenset[str]:
        groups = (name for name in self.channels if channel in self.settings.members(name))
        return frozenset({*groups, *map(without_credentials, self.settings.sources(channel))})

    def _opened(self, channel: str, platform: Platform) -> ChannelRecords:
        lies: dict[str, list[str]] = {}
        return ChannelRecords(
            name=channel,
            address=self.settings.address(channel),
            loader=self._loader(channel, lambda name, lie: lies.setdefault(name, []).append(lie)),
            subdirs=(platform, "noarch"),
            aliases=self._aliases(channel),
            inferred=frozenset(place.partition("/")[2] for place in self.inferred if place.startswith(f"{channel}/")),
            lies=lies,
        )

    def _loader(self, channel: str, unread: Unread) -> Loader:
        loaders = [
            folder_loader(channel, folder_of(address), unread)
            if address.startswith("file:")
            else WebChannel(channel, address, self.settings, self.cache, unread).load
            for address in self.settings.sources(channel)
        ]
        return loaders[0] if len(loaders) == 1 else _first_that_answers(loaders)


def open_channels(
    named: Sequence[str], settings: CondaSettings | None = None, inferred: Path | None = None
) -> CondaIndex:
    """Channels as a command names them, highest priority first, each by its name or as ``name=address``.

    With an address the channel is read from there, a mirror or a folder, and
    keeps its own name everywhere else. ``inferred`` is a file of
    ``channel/subdir/filename`` lines.
    """
    settings = read_settings() if settings is None else settings
    pairs = [text.partition("=")[::2] if "://" not in text.partition("=")[0] else (text, "") for text in named]
    for name, address in pairs:
        _check_named(name, address)
    mirrors = {name: (address,) for name, address in pairs if address}
    return CondaIndex(
        channels=tuple(name for name, _ in pairs),
        settings=replace(settings, mirrors={**settings.mirrors, **mirrors}),
        inferred=frozenset(reading.read_text(inferred).split()) if inferred else frozenset(),
    )


def _check_named(name: str, address: str) -> None:
    try:
        names.channel(name)
        if address:
            names.url_parts(names.address(address))
    except names.BadName as error:
        fix = "name a channel such as conda-forge, or conda-forge=ADDRESS"
        raise BadInput(str(error), key="--conda", fix=fix) from None


def in_priority(channels: Iterable[ChannelRecords]) -> list[ChannelRecords]:
    """``channels``, each told which ones come before it."""
    ordered: list[ChannelRecords] = []
    for channel in channels:
        channel.above = tuple(ordered)
        ordered.append(channel)
    return ordered


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work``; also from inside a running event loop, such as a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_and_release(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_run_and_release, work).result()


class _Mark:
    """Lives in a context for as long as anyone holds the context."""


_mark: ContextVar[_Mark] = ContextVar("_mark")
_LONGEST_END = 10.0
"""Seconds."""
_MOST_WAITS = 1000
"""Of a millisecond each; a few suffice."""


def _run_and_release(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` and wait until py-rattler's threads have let go of it.

    They drop their hold on Python a moment after the answer is there; a process
    that ends within that moment dies of a segmentation fault, 5 to 20 times in a
    hundred (py-rattler 0.28), whatever its exit code was to be.
    """
    # Each of the threads holds a copy of the context that the work runs in, and drops it last of all.
    # Of copies no single one tells when the last is gone; a value that lies in all of them does.
    marks: list[weakref.ref[_Mark]] = []

    async def marked() -> tuple[T | None, BaseException | None]:
        # asyncio.run gives this a context of its own: set outside, the mark would live on in the caller's.
        mark = _Mark()
        marks.append(weakref.ref(mark))
        _mark.set(mark)
        del mark  # or this frame would hold it, too
        try:
            return await work, None
        except Exception as error:
            # Raised from here, its traceback would keep the context alive.
            # Of several questions that were put at once the others come to their end, too: py-rattler would
            # answer to a loop that is closed.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=_LONGEST_END)
            return None, error

    answer, error = asyncio.run(marked())
    cause = error
    while cause is not None:
        # The frames that it passed through hold tasks, and these the context.
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    _wait_for_release(marks[0])
    if error is not None:
        raise error
    return cast("T", answer)


def _wait_for_release(mark: weakref.ref[_Mark]) -> None:
    from rattler import PackageName

    for _ in range(_MOST_WAITS):
        # What a thread let go of without Python's lock is freed at the next call into py-rattler.
        PackageName("any")
        if mark() is None:
            return
        time.sleep(0.001)


def _first_that_answers(loaders: Sequence[Loader]) -> Loader:
    """Mirrors are tried in order; the one that answered stays, since mirrors may differ."""
    chosen: list[Loader] = []

    async def load(subdir: str, name: str) -> Sequence[RepoDataRecord]:
        problems = []
        for loader in () if chosen else loaders:
            try:
                # Every channel has a noarch; py-rattler takes another subdir that is not there for an empty one.
                await loader("noarch", name)
            except IndexUnavailable as error:
                problems.append(str(error))
                continue
            chosen.append(loader)
            break
        if not chosen:
            raise IndexUnavailable("; ".join(problems))
        return await chosen[0](subdir, name)

    return load
