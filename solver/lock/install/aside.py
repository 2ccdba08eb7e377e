"""An environment that makes way for a new one: beside its place meanwhile, and there again after a failure or a kill.

An environment cannot be moved and work; put back to where it was made, it does.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.exchange import only_holder
from solver.core.scratch import UNFINISHED, scratch_folder

_ASIDE = ".before-interlock"
_DYING = 5.0
"""Seconds in which what a killed process had started must have ended."""


@contextmanager
def out_of_the_way(prefix: Path) -> Iterator[None]:
    """What lies at ``prefix`` is put beside it meanwhile, and taken away at the end or, after a failure, put back."""
    put_back(prefix)
    if not prefix.exists() or not any(prefix.iterdir()):
        with _nothing_left(prefix):
            yield
        return
    old = _aside(prefix)
    with _held(prefix, prefix):  # so that no other process takes it for left by a kill
        prefix.rename(old)
        try:
            with _nothing_left(prefix):
                yield
        except BaseException:
            old.rename(prefix)
            raise
        # At one instant: a kill while it is removed leaves no half of it that could be put back.
        with scratch_folder(prefix.parent) as gone:
            old.rename(gone / "removed")


@contextmanager
def _nothing_left(prefix: Path) -> Iterator[None]:
    """After an error, an interrupt too, nothing lies at ``prefix``: half an environment would look like a whole one."""
    try:
        yield
    except BaseException:
        shutil.rmtree(prefix, ignore_errors=True)
        raise


def put_back(prefix: Path) -> None:
    """Put back what a killed change of ``prefix`` left beside it, unless something lies there that may be anybody's.

    Raises ``BadInput`` where something does, or the change goes on in another process.
    """
    old = _aside(prefix)
    if old.is_symlink() or not old.is_dir():
        return
    with _held(old, prefix):
        _take_unfinished_away(prefix)
        if prefix.exists() and any(prefix.iterdir()):
            problem = f"may be half an environment: a change of it was ended, and what was there before is {old.name}"
            fix = "take it away, and the next run puts the old one back; or take that away, to keep what is here"
            raise BadInput(problem, file=prefix, fix=fix)
        if prefix.exists():
            prefix.rmdir()
        old.rename(prefix)


def _take_unfinished_away(prefix: Path) -> None:
    mark = prefix / UNFINISHED
    if not mark.is_symlink() and mark.is_file():
        with _held(mark, prefix, _DYING), scratch_folder(prefix.parent) as gone:
            prefix.rename(gone / "removed")


@contextmanager
def _held(path: Path, prefix: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold ``path``; raises ``BadInput`` where another process does, which is at work at ``prefix`` then."""
    with only_holder(path, patience) as hold:
        if not hold.alone:
            fix = "wait for it, or choose another place"
            raise BadInput("is being changed by another process", file=prefix, fix=fix)
        yield


def _aside(prefix: Path) -> Path:
    return prefix.with_name(prefix.name + _ASIDE)
