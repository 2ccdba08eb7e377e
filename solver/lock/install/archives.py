"""Fetches the archives of a lock and verifies every hash, before anything is linked.

conda checks no hash of packages that it reads through ``file:``, and py-rattler's
cache may hold what nobody checked; so each archive is read here in full.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from solver.core.errors import CheckFailed, IndexUnavailable
from solver.index.conda import run_async
from solver.index.conda_config import CondaSettings, without_credentials
from solver.index.conda_record import CondaRecord
from solver.index.conda_web import cause, short_files
from solver.index.web import PATIENCE, SLOWEST

if TYPE_CHECKING:
    from rattler import Client

AT_ONCE = 8
"""Downloads at a time."""
MOST = 4 * 2**30
"""Bytes of an archive whose size the lock does not tell."""
_LEAST = 64 * 2**20
"""Bytes that any file of this process may have meanwhile."""
_BLOCK = 1 << 20
NameProgress = Callable[[str], None]


def find_archives(records: Sequence[CondaRecord], folder: Path) -> dict[CondaRecord, Path]:
    """The archives of ``records`` anywhere below ``folder``, each verified.

    Raises ``IndexUnavailable`` for one that is not there, ``CheckFailed`` for one
    whose bytes are not those of the lock.
    """
    by_name: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.name.endswith((".conda", ".tar.bz2")) and path.is_file():
            by_name.setdefault(path.name, []).append(path)
    missing = [record.filename for record in records if record.filename not in by_name]
    if missing:
        raise IndexUnavailable(f"{_some(missing)} not in {folder}; bundle the lock anew")
    # Channels may use one file name twice; the hash tells which one is meant.
    return {record: _verified(record, by_name[record.filename]) for record in records}


def download_archives(
    records: Sequence[CondaRecord],
    into: Path,
    settings: CondaSettings,
    progress: NameProgress = lambda name: None,
) -> dict[CondaRecord, Path]:
    """Fetch the archives of ``records`` into the folder ``into``, each verified.

    Raises ``IndexUnavailable`` where a channel breaks off or has the file no
    more, ``CheckFailed`` where the bytes are not those of the lock.
    """
    return run_async(_download_all(records, into, settings, progress))


async def _download_all(
    records: Sequence[CondaRecord], into: Path, settings: CondaSettings, progress: NameProgress
) -> dict[CondaRecord, Path]:
    client, slots = settings.client(), asyncio.Semaphore(AT_ONCE)
    most = max((MOST if record.size is None else record.size for record in records), default=0)

    async def download(record: CondaRecord) -> Path:
        async with slots:
            target = into / record.subdir / record.filename
            await _fetch(record, target, settings, client)
            path = _verified(record, [target])
            progress(record.filename)
            return path

    tasks = [asyncio.ensure_future(download(record)) for record in records]
    try:
        # py-rattler writes whatever a server sends.
        with short_files(max(most, _LEAST)):
            return dict(zip(records, await asyncio.gather(*tasks), strict=True))
    finally:
        # After the first failure nobody wants the rest. They are waited for all the same:
        # the caller takes the folder away, and none may still be writing into it.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _fetch(record: CondaRecord, target: Path, settings: CondaSettings, client: Client) -> None:
    """The archive at ``target``, of the first source that gives it: a mirror, then the next."""
    from rattler.package_streaming import download_to_path

    settings.check_allowed(record.channel)
    target.parent.mkdir(parents=True, exist_ok=True)
    problems = []
    for base in settings.sources_of(record.channel):
        url = f"{base}/{record.subdir}/{record.filename}"
        try:
            if url.startswith("file:"):
                shutil.copyfile(url2pathname(urlsplit(url).path), target)
            elif settings.offline:
                problems.append(f"{without_credentials(base)}, since conda's configuration says offline")
                continue
            else:
                longest = PATIENCE + (MOST if record.size is None else record.size) / SLOWEST
                await asyncio.wait_for(download_to_path(client, url, target), longest)
        except TimeoutError:
            problems.append(f"{without_credentials(url)}: not all of it came in {longest:.0f} s")
        except Exception as error:
            # py-rattler and the file system each raise classes of their own, and whichever it is, the next
            # source may still have the file.
            problems.append(f"{without_credentials(url)}: {cause(str(error))}")
        else:
            return
    raise IndexUnavailable(f"{record.filename} cannot be fetched from {'; nor from '.join(problems)}")


def _verified(record: CondaRecord, paths: Iterable[Path]) -> Path:
    """The one of ``paths`` whose bytes are those of ``record``."""
    sha256 = ""
    for path in paths:
        sha256, md5, size = _digests(path)
        if sha256 == record.sha256 and record.md5 in (None, md5) and record.size in (None, size):
            return path
    raise CheckFailed(
        f"{record.filename} is not the file that the lock names: its sha256 is {sha256}, expected {record.sha256}"
    )


def _digests(path: Path) -> tuple[str, str, int]:
    """sha256, md5 (hex) and size in bytes, of one reading of the file."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return sha256.hexdigest(), md5.hexdigest(), size


def _some(names: Sequence[str]) -> str:
    verb = "is" if len(names) == 1 else "are"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {verb}"
