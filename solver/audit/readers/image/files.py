"""The files that a build brings into an image, as far as its context and the Dockerfile itself hold them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from solver.core import reading
from solver.core.errors import BadInput


@dataclass(frozen=True)
class CopiedFile:
    """A file of the image."""

    path: str = ""
    """Where it lies in the context."""
    text: str | None = None
    """What stands in it, where the Dockerfile itself says that; None: it lies in the context."""


@dataclass(frozen=True)
class _Copy:
    source: str
    """In the context, without a slash at its end."""
    target: str
    """In the image."""
    into: bool
    """Whether the target is a folder."""
    of_folder: bool
    """Whether the source is one: what is in it is copied, not the folder itself."""


@dataclass(frozen=True)
class _Written:
    target: str
    text: str


@dataclass
class ImageFiles:
    """What was copied and written, in the order in which it was: the last one at a place is what lies there."""

    context: Path
    brought: list[_Copy | _Written] = field(default_factory=list)

    def branch(self) -> ImageFiles:
        """The files of a stage that begins with this one."""
        return ImageFiles(self.context, list(self.brought))

    def copy(self, sources: Iterable[str], target: str) -> None:
        """``COPY sources target``; what lies outside the context is left out, as Docker refuses it."""
        sources = [posixpath.normpath(source.lstrip("/") or ".") for source in sources]
        into = target.endswith(("/", "/.")) or len(sources) > 1
        for source in sources:
            if not source.startswith(".."):
                # Unlike ``Path.is_dir`` this has an answer for a name that no file can have.
                of_folder = source == "." or os.path.isdir(self.context / source)  # noqa: PTH112
                self.brought.append(_Copy(source, posixpath.normpath(target), into, of_folder))

    def write(self, target: str, text: str) -> None:
        """A file whose text the Dockerfile itself says."""
        self.brought.append(_Written(posixpath.normpath(target), text))

    def take_over(self, other: ImageFiles, source: str, target: str) -> None:
        """``COPY --from``: what lies at ``source``, or in it, among the files of another stage."""
        for one in other.brought:
            inside = posixpath.relpath(one.target, source)
            if inside == "." and target.endswith("/") and not (isinstance(one, _Copy) and (one.into or one.of_folder)):
                self.brought.append(replace(one, target=posixpath.normpath(target + posixpath.basename(source))))
            elif not inside.startswith(".."):
                self.brought.append(replace(one, target=posixpath.normpath(posixpath.join(target, inside))))
            elif isinstance(one, _Copy) and (copied := _copied(one, source)) is not None:
                self.copy([copied.path], target)

    def holds(self, copied: CopiedFile) -> bool:
        """Whether a file is there to be read."""
        # Unlike ``Path.is_file`` this has an answer for a name that no file can have.
        return copied.text is not None or os.path.isfile(self.context / copied.path)  # noqa: PTH113

    def text(self, copied: CopiedFile) -> str | None:
        """What stands in a file; None where it is not there, or no text."""
        if copied.text is not None:
            return copied.text
        try:
            return reading.read_text(self.context / copied.path) if self.holds(copied) else None
        except BadInput:
            return None

    def find(self, path: str) -> CopiedFile | None:
        """The file at ``path``, which is absolute; None where nothing brings it."""
        path = posixpath.normpath(path)
        return next((copied for one in reversed(self.brought) if (copied := _copied(one, path))), None)


def _copied(copy: _Copy | _Written, path: str) -> CopiedFile | None:
    """What a copy, or what was written, puts at ``path``."""
    if isinstance(copy, _Written):
        return CopiedFile(text=copy.text) if path == copy.target else None
    inside = path.removeprefix(copy.target.rstrip("/") + "/")
    if copy.of_folder:
        return None if inside == path else CopiedFile(posixpath.normpath(posixpath.join(copy.source, inside)))
    if inside == path:
        return CopiedFile(copy.source) if path == copy.target and not copy.into else None
    folder, name = posixpath.split(copy.source)
    return CopiedFile(posixpath.join(folder, inside)) if fnmatchcase(inside, name) else None
