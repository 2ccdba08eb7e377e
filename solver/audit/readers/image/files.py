"""The files that a build brings into an image, as far as its context and the Dockerfile itself hold them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path


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


@dataclass
class ImageFiles:
    """What was copied, in the order in which it was."""

    context: Path
    copies: list[_Copy] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def branch(self) -> ImageFiles:
        """The files of a stage that begins with this one."""
        return ImageFiles(self.context, list(self.copies), dict(self.texts))

    def copy(self, sources: Iterable[str], target: str) -> None:
        """``COPY sources target``; what lies outside the context is left out, as Docker refuses it."""
        sources = [posixpath.normpath(source.lstrip("/") or ".") for source in sources]
        into = target.endswith(("/", "/.")) or len(sources) > 1
        for source in sources:
            if not source.startswith(".."):
                # Unlike ``Path.is_dir`` this has an answer for a name that no file can have.
                of_folder = source == "." or os.path.isdir(self.context / source)  # noqa: PTH112
                self.copies.append(_Copy(source, posixpath.normpath(target), into, of_folder))

    def write(self, target: str, text: str) -> None:
        """A file whose text the Dockerfile itself says."""
        self.texts[posixpath.normpath(target)] = text

    def holds(self, copied: CopiedFile) -> bool:
        """Whether a file is there to be read."""
        # Unlike ``Path.is_file`` this has an answer for a name that no file can have.
        return copied.text is not None or os.path.isfile(self.context / copied.path)  # noqa: PTH113

    def find(self, path: str) -> CopiedFile | None:
        """The file at ``path``, which is absolute; None where nothing brings it."""
        path = posixpath.normpath(path)
        if path in self.texts:
            return CopiedFile(text=self.texts[path])
        return next((copied for copy in reversed(self.copies) if (copied := _copied(copy, path))), None)


def _copied(copy: _Copy, path: str) -> CopiedFile | None:
    """The file of the context that a copy puts at ``path``."""
    inside = path.removeprefix(copy.target.rstrip("/") + "/")
    if copy.of_folder:
        return None if inside == path else CopiedFile(posixpath.normpath(posixpath.join(copy.source, inside)))
    if inside == path:
        return CopiedFile(copy.source) if path == copy.target and not copy.into else None
    folder, name = posixpath.split(copy.source)
    return CopiedFile(posixpath.join(folder, inside)) if fnmatchcase(inside, name) else None
