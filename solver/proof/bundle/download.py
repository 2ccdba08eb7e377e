"""Download many files at once: each resumed where it broke off, none kept that has another hash."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from solver.core.answer import NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.threads import thread_pool
from solver.index.web import NoAnswer, Sink, Web, WebAnswer
from solver.proof.bundle.wheels import RemoteWheel

_PART = ".part"
"""At the end of the name of a file that is not whole yet."""
MOST = 16 * 2**30
"""Bytes of a file whose size nobody told."""

Progress = Callable[[str, int, int | NotKnown], None]
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
    progress: Progress | None = None,
    session: Web | None = None,
) -> None:
    """Bring ``files`` into ``folder``; what is there already and whole is kept.

    A file that breaks off stays as ``<name>.part`` and is resumed, now or by the next call. Each is
    tried ``tries`` times, ``pause`` seconds apart; ``session`` knows the credentials of its servers, where
    any are needed. Raises ``IndexUnavailable`` naming the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unique = {file.filename: file for file in files}
    _remove_unwanted(folder, set(unique))
    order = sorted(unique.values(), key=lambda file: -(file.size or 0))  # the longest first
    with ExitStack() as stack:
        own = session or stack.enter_context(Web())
        job = _Job(folder, own, tries, pause, progress)
        pool = stack.enter_context(thread_pool(workers))
        futures = [pool.submit(job.bring, file) for file in order]
        try:
            for future in futures:
                future.result()
        except BaseException:
            job.stop.set()
            for future in futures:
                future.cancel()
            raise


def _remove_unwanted(folder: Path, wanted: set[str]) -> None:
    """Remove what earlier calls that were ended left of files which this one does not bring, and so cannot resume."""
    for part in folder.glob(f"*{_PART}"):
        if part.name.removesuffix(_PART) not in wanted:
            part.unlink()


class _Job:
    """What all downloads of one call share."""

    def __init__(
        self,
        folder: Path,
        session: Web,
        tries: int,
        pause: float,
        progress: Progress | None,
    ) -> None:
        self.folder, self.session, self.tries, self.pause = folder, session, tries, pause
        self.progress, self.stop = progress, threading.Event()

    def bring(self, file: RemoteWheel) -> None:
        """Download one file, or find that it is there."""
        path = self.folder / file.filename
        if path.exists() and file_sha256(path) == file.sha256:
            self.tell(file, path.stat().st_size)
            return
        part = path.with_name(path.name + _PART)
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
        try:
            self._receive(file, part)
        except NoAnswer as error:
            return str(error)
        if not isinstance(file.size, NotKnown) and part.stat().st_size < file.size:
            return f"it broke off after {part.stat().st_size} of {file.size} bytes"
        got = file_sha256(part)
        if got != file.sha256:
            part.unlink()  # resuming wrong bytes can only give wrong bytes
            return f"its sha256 is {got}, not {file.sha256}"
        return ""

    def _receive(self, file: RemoteWheel, part: Path) -> None:
        done = part.stat().st_size if part.exists() else 0
        if not isinstance(file.size, NotKnown) and done >= file.size:
            return
        headers = {"Accept-Encoding": "identity"}
        if done:
            headers["Range"] = f"bytes={done}-"
        most = MOST if isinstance(file.size, NotKnown) else file.size
        with ExitStack() as stack:

            def begin(answer: WebAnswer) -> tuple[int, Sink]:
                named = answer.headers.get("Content-Range", "")
                start = done if answer.status == 206 and named.startswith(f"bytes {done}-") else 0
                out = stack.enter_context(part.open("ab" if start else "wb"))
                return most - start, _Writer(self, file, out, start).take

            answer = self.session.receive(file.url, begin, headers, again=False)
        if not answer.good and answer.status != 416:  # 416: nothing is left to send
            raise NoAnswer(f"the server answered {answer.said}")

    def tell(self, file: RemoteWheel, done: int) -> None:
        """Tell how many bytes of a file are there."""
        if self.progress is not None:
            self.progress(file.filename, done, file.size)


class _Writer:
    """Writes one body to its file and tells how far it is."""

    def __init__(self, job: _Job, file: RemoteWheel, out: BinaryIO, done: int) -> None:
        self.job, self.file, self.out, self.done, self.last = job, file, out, done, 0.0

    def take(self, block: bytes) -> None:
        """Write the next bytes."""
        if self.job.stop.is_set():
            raise NoAnswer("another file failed")
        self.out.write(block)
        self.done += len(block)
        now = time.monotonic()
        if now - self.last > 0.2 or self.done == self.file.size:
            self.job.tell(self.file, self.done)
            self.last = now
