"""Files of a prefix that no package brought: what somebody made there, and would miss."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from solver.audit.prefix_files import record_rows, site_packages
from solver.core import reading
from solver.core.errors import BadInput

_OWN = "conda-meta"
"""The folder of what conda and we note of an environment."""
_MADE = re.compile(
    r"\.lock|pyvenv\.cfg|CACHEDIR\.TAG|\.gitignore"
    r"|(bin|Scripts)/([Aa]ctivate|deactivate|python[0-9.]*|pythonw)(\.[a-z]+[0-9]?|-variables\.sh|_this\.py)?"
)
"""What the makers of environments put into each."""
_NOTED = re.compile(r".*\.(egg-info|egg-link|egg)|(easy-install|setuptools)\.pth")
"""What an installer leaves in site-packages beside the files of packages: eggs hold their own."""
_INSTALLED = "installed-files.txt"
"""In an .egg-info: the files of a package, each as its path from there."""


class _Linked(msgspec.Struct):
    """What is read of conda's record of a package."""

    files: tuple[str, ...] = ()


def unowned_files(prefix: Path) -> tuple[str, ...]:
    """POSIX paths below ``prefix``, sorted; what python compiled and what an installer notes are nobody's to miss."""
    owned = {*_of_conda(prefix), *_of_pip(prefix)}
    roots = tuple(_old_packages(prefix))
    unowned = (path for path in _files(prefix) if path not in owned and not _MADE.fullmatch(path))
    return tuple(sorted(path for path in unowned if not path.startswith(roots)))


def _old_packages(prefix: Path) -> Iterator[str]:
    """How the paths begin of what was installed before there were RECORDs, and of what tells of it."""
    for site in site_packages(prefix):
        place = _below(prefix, site)
        yield from (f"{place}/{path.name}" for path in site.iterdir() if _NOTED.fullmatch(path.name))
        for listed in site.glob("*.egg-info/top_level.txt"):
            modules = _lines(listed) if not (listed.parent / _INSTALLED).is_file() else ()
            yield from (f"{place}/{module}{end}" for module in modules for end in "/.")


def _below(prefix: Path, path: Path) -> str:
    return Path(os.path.relpath(path, prefix)).as_posix()


def _lines(path: Path) -> tuple[str, ...]:
    """Empty where it cannot be read: what it is about is told rather than passed over."""
    try:
        return tuple(filter(None, map(str.strip, reading.read_text(path).splitlines())))
    except BadInput:
        return ()


def _files(prefix: Path) -> Iterator[str]:
    for folder, below, files in os.walk(prefix):
        below[:] = [name for name in below if name != "__pycache__" and not name.endswith((".dist-info", ".egg-info"))]
        if Path(folder) == prefix:
            below[:] = [name for name in below if name != _OWN]
        place = Path(folder).relative_to(prefix)
        links = (name for name in below if (Path(folder) / name).is_symlink())
        yield from ((place / name).as_posix() for name in (*files, *links) if not name.endswith(".pyc"))


def _of_conda(prefix: Path) -> Iterator[str]:
    for record in prefix.glob(f"{_OWN}/*.json"):
        try:
            yield from msgspec.json.decode(reading.read_bytes(record), type=_Linked).files
        except msgspec.MsgspecError:
            continue  # which files such a package brought nobody knows; they are told rather than passed over


def _of_pip(prefix: Path) -> Iterator[str]:
    for site in site_packages(prefix):
        for dist_info in site.glob("*.dist-info"):
            try:
                paths = [row[0] for row in record_rows(dist_info)]
            except BadInput:
                continue  # as with conda's
            yield from (_below(prefix, site / path) for path in paths)
        for listed in site.glob(f"*.egg-info/{_INSTALLED}"):
            yield from (_below(prefix, listed.parent / path) for path in _lines(listed))
