"""Download many files at once: each resumed where it broke off, none kept that has another hash."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from solver.core.errors import IndexUnavailable
from solver.proof.bundle.wheels import RemoteWheel

if TYPE_CHECKING:
    import requests

BLOCK = 1 << 16
"""Bytes received at once; what is lost of a connection that breaks off."""

Progress = Callable[[str, int, int | None], None]
"""Called with a file name, its bytes so far, and its size where that is known."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    files: Iterable[RemoteWheel],
    folder: Path,
    *,
    workers: int = 8,
    tries: int = 5,
    pause: float = 1.0,
    timeout: float = 60.0,
    progress: Progress | None = None,
    session: requests.Session | None = None,
) -> None:
    """Bring ``files`` into ``folder``; what is there already and whole is kept.

    A file that breaks off stays as ``<name>.part`` and is resumed, now or by the next call. Each is
    tried ``tries`` times, ``pause`` seconds apart. Raises ``IndexUnavailable`` naming the file.
    """
    import requests

    folder.mkdir(parents=True, exist_ok=True)
    unique = {file.filename: file for file in files}
    job = _Job(folder, session or requests.Session(), tries, pause, timeout, progress)
    order = sorted(unique.values(), key=lambda file: -(file.size or 0))  # the longest first
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(job.bring, file) for file in order]
        try:
            for future in futures:
                future.result()
        except BaseException:
            job.stop.set()
            for future in futures:
                future.cancel()
            raise


class _Job:
    """What all downloads of one call share."""

    def __init__(
        self,
        folder: Path,
        session: requests.Session,
        tries: int,
        pause: float,
        timeout: float,
        progress: Progress | None,
    ) -> None:
        self.folder, self.session, self.tries, self.pause = folder, session, tries, pause
        self.timeout, self.progress, self.stop = timeout, progress, threading.Event()

    def bring(self, file: RemoteWheel) -> None:
        """Download one file, or find that it is there."""
        path = self.folder / file.filename
        if path.exists() and file_sha256(path) == file.sha256:
            self._tell(file, path.stat().st_size)
            return
        part = path.with_name(path.name + ".part")
        problem = ""
        for attempt in range(self.tries):
            if attempt and self.stop.wait(self.pause):
                return
            problem = self._attempt(file, part)
            if not problem:
                part.replace(path)
                return
        raise IndexUnavailable(f"{file.filename} could not be downloaded in {self.tries} tries: {problem}")

    def _attempt(self, file: RemoteWheel, part: Path) -> str:
        """One try; returns what went wrong, or nothing."""
        import requests

        try:
            self._receive(file, part)
        except (requests.RequestException, OSError) as error:
            return f"{type(error).__name__}: {error}"
        if file.size is not None and part.stat().st_size < file.size:
            return f"it broke off after {part.stat().st_size} of {file.size} bytes"
        got = file_sha256(part)
        if got != file.sha256:
            part.unlink()  # resuming wrong bytes can only give wrong bytes
            return f"its sha256 is {got}, not {file.sha256}"
        return ""

    def _receive(self, file: RemoteWheel, part: Path) -> None:
        done = part.stat().st_size if part.exists() else 0
        if file.size is not None and done >= file.size:
            return
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        with self.session.get(file.url, headers=headers, stream=True, timeout=self.timeout) as answer:
            if answer.status_code == 416:  # nothing is left to send
                return
            answer.raise_for_status()
            resumed = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {done}-")
            if not resumed:
                done = 0
            self._write(file, answer.iter_content(BLOCK), part, done)

    def _write(self, file: RemoteWheel, blocks: Iterable[bytes], part: Path, done: int) -> None:
        last = 0.0
        with part.open("ab" if done else "wb") as out:
            for block in blocks:
                if self.stop.is_set():
                    raise OSError("another file failed")
                out.write(block)
                done += len(block)
                if time.monotonic() - last > 0.2:
                    self._tell(file, done)
                    last = time.monotonic()
        self._tell(file, done)

    def _tell(self, file: RemoteWheel, done: int) -> None:
        if self.progress is not None:
            self.progress(file.filename, done, file.size)
