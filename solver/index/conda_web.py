"""A conda channel on the web, asked through py-rattler's gateway, within limits that the gateway does not have.

The gateway writes a channel's list of packages to the disk as it comes and reads a sharded one into memory,
whatever their size. So files of this process are kept short while it is asked, and it is given up
when the process grows by more than any channel needs.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from solver.core import names, reading
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.scratch import scratch_folder
from solver.index.conda_config import CondaSettings, without_credentials
from solver.index.conda_singly import LARGEST, Sections, Unread, of_json, of_shard, singly
from solver.index.rattler_names import as_subdir
from solver.index.web import WORD_EVERY, NoAnswer, log

if TYPE_CHECKING:
    from rattler import Gateway, RepoDataRecord

T = TypeVar("T")
PATIENCE = 600.0
"""Seconds that one question to a channel may take: the first one may bring its whole repodata."""
MOST_FILE = 2 * 2**30
"""Bytes of one file that the gateway writes; the largest repodata.json that is known has less than a quarter."""
MOST_MEMORY = 2 * 2**30
"""Bytes by which the process may grow while it waits for an answer."""
_MOST_TRIES = 5
"""Of a question that fails; once in a hundred times the gateway lets go of a shard before that is on the disk."""
_LOOK_EVERY = 0.2
"""Seconds; a fast server sends less than half a gigabyte in it."""
_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3} [^)]*)\)")
_SYSTEM = re.compile(r" \(os error \d+\)")
_TOO_LARGE = "File too large"
"""What the system says where a file would outgrow ``short_files``."""
_VAGUE = ("Request failed after", "error sending request for", "HTTP status")
"""How sentences of the gateway begin that tell nothing beside their cause but an address."""


class WebChannel:
    """The channel called ``name`` as it can be had at one ``address``, credentials included."""

    def __init__(
        self, name: str, address: str, settings: CondaSettings, cache: Path | None, unread: Unread = lambda *_: None
    ) -> None:
        self.name, self.address, self.settings, self.cache, self._unread = name, address, settings, cache, unread
        self._asked: Gateway | None = None
        self._answered: set[str] = set()
        self._failures: dict[str, str] = {}
        """By subdir, why nothing came of it: what failed once, its repetitions included, is not tried again."""
        self._whole: dict[str, Sections] = {}
        """By subdir, all that its repodata.json holds; only where a record in it cannot be read."""
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()

    async def load(self, subdir: str, name: str) -> Sequence[RepoDataRecord]:
        """Every record of the package ``name``; raises ``IndexUnavailable`` with channel, address and cause."""
        if self.settings.offline:
            raise IndexUnavailable(f"channel {self.name} was not asked: conda's configuration says offline")
        if subdir not in self._answered:
            # Of questions that are put at once all but one would be told only that another one failed.
            turns = self._turns.setdefault(asyncio.get_running_loop(), {})
            async with turns.setdefault(subdir, asyncio.Lock()):
                return await self._ask(subdir, name)
        return await self._ask(subdir, name)

    async def _ask(self, subdir: str, name: str) -> Sequence[RepoDataRecord]:
        if subdir not in self._failures:
            records: Sequence[RepoDataRecord] | None = None
            try:
                records = await self._records(self._gateway(), subdir, name)
            except NoAnswer as error:
                self._failures[subdir] = str(error)
            except Exception as error:
                records = await self._singly(subdir, name, str(error))
                if records is None:
                    self._failures[subdir] = cause(str(error))
            if records is not None:
                self._answered.add(subdir)
                return records
        place = without_credentials(self.address)
        known = "" if place == self.name else f" at {place}"
        unsent = "; the client_ssl_cert of conda's configuration is not sent" if self._has_certificate else ""
        raise IndexUnavailable(f"channel {self.name}{known} did not answer: {self._failures[subdir]}{unsent}")

    @property
    def _has_certificate(self) -> bool:
        return self.settings.has_client_certificate and self.address.startswith("https:")

    async def _singly(self, subdir: str, name: str, problem: str) -> Sequence[RepoDataRecord] | None:
        """The records that can be read one by one, where the ``problem`` is with some; None: it is with the channel."""
        if problem.startswith(_VAGUE) or _TOO_LARGE in problem:
            return None
        sections = self._whole.get(subdir) or await self._alone(subdir, name)
        return None if sections is None else singly(sections, self.name, subdir, name, self._unread)

    async def _alone(self, subdir: str, name: str) -> Sections | None:
        """What the channel says of ``name`` at least, put as one question with a cache of its own."""
        with scratch_folder() as folder:
            for _ in range(_MOST_TRIES):
                try:
                    await self._records(self._new_gateway(folder), subdir, name)
                except NoAnswer:
                    return None
                except Exception as error:  # as the first time
                    log.debug("channel %s: %s", self.name, cause(str(error)))
                files = [*folder.glob("shards-*/*.msgpack"), *folder.glob("*[!o].json")]  # but no .info.json
                if files:
                    return self._read(files[0], subdir)
        return None

    def _read(self, path: Path, subdir: str) -> Sections | None:
        """What a file that the gateway keeps says; None: it can be read no more than by the gateway."""
        with suppress(BadInput, msgspec.MsgspecError):
            if path.suffix == ".msgpack":
                return of_shard(reading.read_bytes(path, largest=LARGEST))
            self._whole[subdir] = of_json(reading.read_bytes(path, largest=LARGEST))
        return self._whole.get(subdir)

    def _gateway(self) -> Gateway:
        if self._asked is None:
            self._asked = self._new_gateway(self.cache or _shared_cache())
        return self._asked

    def _new_gateway(self, cache: Path | None) -> Gateway:
        from rattler import Gateway

        return Gateway(cache_dir=cache, client=self.settings.client())

    async def _records(self, gateway: Gateway, subdir: str, name: str) -> Sequence[RepoDataRecord]:
        from rattler import Channel

        query = gateway.query([Channel(self.address)], [as_subdir(subdir)], [name], recursive=False)
        with short_files(MOST_FILE):
            answers = await _patiently(query, self.name)
        return [record for records in answers for record in records]


def _shared_cache() -> Path | None:
    """The folder that tools built on rattler share by $RATTLER_CACHE_DIR, which py-rattler's gateway does not read."""
    chosen = os.environ.get("RATTLER_CACHE_DIR")
    return Path(chosen) if chosen else None


def cause(text: str) -> str:
    """What happened, in one sentence without addresses; the gateway says it in several, and the last is the cause."""
    first, *more = text.split("\nCaused by: ")
    if status := _STATUS.search(text):
        return f"it answered {status[1]}"
    last = more[-1] if more else first
    if _TOO_LARGE in last:
        return "it sends more than is read of it"
    sentence = last if first.startswith(_VAGUE) or not more else f"{first}: {last}"
    return names.brief(names.one_line(_without_addresses(_SYSTEM.sub("", sentence))))


def _without_addresses(text: str) -> str:
    """``text`` with each address as it may be shown."""
    return re.sub(r"[a-z0-9+]+://[^\s'\")]+", lambda match: names.public_address(match[0]), text)


def _seen(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        task.exception()


async def _patiently(query: Awaitable[T], channel: str) -> T:
    """The answer of ``query``, for which nobody waits forever, in silence or at any cost; raises ``NoAnswer``."""
    task, before, ticks = asyncio.ensure_future(query), _most_used(), 0
    task.add_done_callback(_seen)  # several names are asked for at once, and the first failure ends it all
    while True:
        done, _ = await asyncio.wait({task}, timeout=_LOOK_EVERY)
        if done:
            return task.result()
        ticks += 1
        if _most_used() - before > MOST_MEMORY:
            task.cancel()
            raise NoAnswer(f"its list of packages needs more than {MOST_MEMORY >> 20} MiB of memory")
        waited = ticks * _LOOK_EVERY
        if waited >= PATIENCE:
            task.cancel()
            raise NoAnswer(f"nothing was complete after {waited:.0f} s")
        if ticks % round(WORD_EVERY / _LOOK_EVERY) == 0:
            log.info("waiting for channel %s for %.0f s", channel, waited)


def _most_used() -> int:
    """The most bytes of memory that this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


_limiting = threading.Lock()
_limited: list[tuple[int, int]] = []
"""The limits that were there before, as often as they are lowered now."""


@contextmanager
def short_files(most: int) -> Iterator[None]:
    """While it lasts no file that this process writes grows beyond ``most`` bytes; may be entered several times.

    Python ignores the signal that would come with it, so that who writes more gets an error. Windows has no such limit.
    """
    if sys.platform == "win32":
        yield
        return
    import resource

    with _limiting:
        before = _limited[-1] if _limited else resource.getrlimit(resource.RLIMIT_FSIZE)
        _limited.append(before)
        soft, hard = before
        least = most if soft == resource.RLIM_INFINITY else min(soft, most)
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, hard))
    try:
        yield
    finally:
        with _limiting:
            _limited.pop()
            if not _limited:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
