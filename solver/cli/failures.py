"""What ends a command before its end: one sentence and an exit code for each, a traceback for bugs of ours alone."""

from __future__ import annotations

import errno
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import NamedTuple

from solver.core import names
from solver.core.errors import BadInput, IndexUnavailable, InterlockError
from solver.core.programs import failure_of_machine

_BY_SIGNAL = 128
"""What shells add to the number of the signal that ended a process."""
INTERRUPTED = _BY_SIGNAL + 2
"""Exit code of whoever was interrupted (SIGINT)."""
NOBODY_READS = _BY_SIGNAL + 13
"""Exit code where the reader of the output went away (SIGPIPE)."""
_ENDING = ("SIGTERM", "SIGHUP")
"""Signals by which a shell, a container or a machine that goes down ends a process; not all systems have both."""
_FIXES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "allow this user to use it, or name another place",
    errno.EPERM: "allow this user to use it, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENAMETOOLONG: "name something shorter",
    errno.EEXIST: "name something else, or move it away",
    errno.ENOTDIR: "name a folder, or move the file away",
    errno.EISDIR: "name a file",
    errno.ENOENT: "name something that is there",
    errno.EFBIG: "allow larger files (ulimit -f), or name a place that can hold them",
    errno.ELOOP: "mend the links",
    errno.EMFILE: "allow more open files (ulimit -n)",
}
_LOOP = "Symlink loop from "
_NETWORK = (ConnectionError, TimeoutError)


class ReaderGone(Exception):
    """Nobody reads the output any more; no ``BrokenPipeError``, which click would end with 1, and 1 says no."""


class Terminated(BaseException):
    """Somebody ended this process by the signal ``number``: what it has begun is undone first, as by an interrupt."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Have signals that end a process raise ``Terminated``, unless it was told to ignore them; a second one ends it."""
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]

    def leave_to_the_system() -> None:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

    def end(number: int, _frame: object) -> None:
        leave_to_the_system()
        raise Terminated(number)

    if threading.current_thread() is not threading.main_thread():  # python hears signals in that one alone
        ours = []
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        leave_to_the_system()


@contextmanager
def reader_gone() -> Iterator[None]:
    """Tell the end of the output's reader as ``ReaderGone``."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None


class Failure(NamedTuple):
    """What is said and the exit code."""

    sentence: str
    code: int


def failure_of(error: BaseException) -> Failure:
    """What to say of ``error``; nothing secret of an address is in it."""
    if isinstance(error, (ReaderGone, BrokenPipeError)):
        return Failure("", NOBODY_READS)
    if isinstance(error, KeyboardInterrupt):
        return Failure("", INTERRUPTED)
    if isinstance(error, Terminated):
        return Failure("", _BY_SIGNAL + error.number)
    if isinstance(error, InterlockError) and error.exit_code != InterlockError.exit_code:
        return Failure(shown(f"interlock: {error}"), error.exit_code)
    if isinstance(error, names.BadName):  # a text from outside that no reader has told with its place
        return Failure(shown(f"interlock: {error}"), BadInput.exit_code)
    if isinstance(error, _NETWORK):
        return Failure(f"interlock: the network failed: {_of_the_system(error)}", IndexUnavailable.exit_code)
    if isinstance(error, OSError):
        return Failure(f"interlock: {_of_the_system(error)}", BadInput.exit_code)
    if failure := _of_foreign_code(error):
        return failure_of(failure)
    if isinstance(error, MemoryError):
        return Failure("interlock: there is not enough memory on this machine", BadInput.exit_code)
    return Failure(names.without_secrets(_bug(error)), InterlockError.exit_code)


def _of_foreign_code(error: BaseException) -> OSError | None:
    """What of this machine py-rattler (a panic of Rust) or pathlib gave up about; None: nothing."""
    if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):  # as python tells it until 3.12
        return OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(error).removeprefix(_LOOP).strip("'\""))
    return failure_of_machine("py-rattler", str(error)) if type(error).__name__ == "PanicException" else None


def shown(sentence: str) -> str:
    """``sentence`` as it may be told: without secrets, and with the middle of endless words left out."""
    cut = re.sub(r"\S{250,}", lambda word: f"{word[0][:150]} … {word[0][-20:]}", sentence)
    return names.without_secrets(cut)


def _of_the_system(error: OSError) -> str:
    """A sentence about a file, a disk or a connection, with what to do where anybody knows."""
    files = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, (str, bytes))]
    place = " and ".join(names.one_line(name)[:200] for name in files)
    problem = error.strerror or names.one_line(str(error)) or type(error).__name__
    fix = _FIXES.get(error.errno or 0)
    return ": ".join(part for part in (place, problem) if part) + (f"; {fix}" if fix else "")


def _bug(error: BaseException) -> str:
    import traceback

    story = str(error) if type(error) is InterlockError else "".join(traceback.format_exception(error)).rstrip()
    return f"interlock (a bug of ours, please report it to {tracker()}): {story}"


def tracker() -> str:
    """Where bugs are reported, as the installed project says."""
    try:
        declared = metadata.metadata("interlock").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        declared = []
    urls = {label.strip().lower(): url.strip() for label, _, url in (entry.partition(",") for entry in declared)}
    labels = ("issues", "bug tracker", "tracker", "repository", "source", "homepage")
    return next((urls[label] for label in labels if label in urls), "the project's issue tracker")
