"""Whether an environment can lie at a place at all, told before anything is done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from solver.core import names
from solver.core.errors import BadInput


def check_place(prefix: Path) -> None:
    """Refuse a place where no folder can be made or changed; raises ``BadInput``, and ``OSError`` of the system's."""
    if not names.is_one_line(str(prefix)):
        problem = f"{names.shown(str(prefix))} is no place for an environment: it has a control character"
        raise BadInput(problem, key="--prefix", fix="name a folder")
    if prefix.resolve() == Path(prefix.anchor):
        raise BadInput("is no place for an environment", file=prefix, fix="name a folder below it")
    there = _nearest(prefix)
    if there.is_symlink() and not there.exists():
        raise BadInput("is a link that leads nowhere", file=there, fix="remove it, or make the folder it leads to")
    changed = prefix.parent if there == prefix else there
    if not changed.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(prefix))
    if not os.access(changed, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(prefix))


def _nearest(prefix: Path) -> Path:
    """What of ``prefix`` is there, be it a link that leads nowhere."""
    return next(path for path in (prefix, *prefix.parents) if os.path.lexists(path))
