"""Tells what an audited file or folder is, by its content, and has it read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msgspec import structs

from solver.audit.package_set import PackageSet
from solver.audit.readers.document import Document
from solver.audit.readers.parts import EVERY, Choice
from solver.audit.readers.prefix import read_prefix
from solver.audit.readers.table import EXPECTED, read_document
from solver.core import reading
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.core.names import BadName
from solver.matrix.load import Matrices

_NO_ROWS = Matrices()


def read_set(
    path: Path, target: Target | None = None, own: Target | None = None, text: str | None = None
) -> PackageSet:
    """The set that ``path`` holds, as it would be installed on ``target``.

    Without a target ``own`` counts, that of the lock of ours in which the file lies; where there is
    none, locks that serve several platforms and pythons are read for the default platform and for a
    python that they admit. ``text`` is what stands in the file, where it came some other way.
    Of a lock that holds several sets this is the one that is installed where nobody asks for more.
    Raises ``BadInput`` naming file, line and key of what cannot be read.
    """
    return read_sets(path, target, own, text)[0]


def read_sets(
    path: Path,
    target: Target | None = None,
    own: Target | None = None,
    text: str | None = None,
    choice: Choice = EVERY,
    matrices: Matrices = _NO_ROWS,
    context: Path | None = None,
) -> tuple[PackageSet, ...]:
    """Like ``read_set`` all sets that ``path`` holds, or the one of ``choice``.

    ``matrices`` tell of the images that a Dockerfile begins with, ``context`` is the folder that it is built in.
    """
    try:
        if text is None and path.is_dir():
            return (_read_prefix(path, choice, context),)
        return _read_file(
            path, own, text, Document("", str(path), path.parent, target or own, choice, context, matrices)
        )
    except BadName as error:
        raise BadInput(str(error), file=path, line=error.line, fix="write it anew with the tool that made it") from None
    except BadInput as error:
        raise (error if path.is_dir() or not _lies_elsewhere(error, path) else _unquoted(error)) from None


def _lies_elsewhere(error: BadInput, path: Path) -> bool:
    """Whether an error is about a file that ``path`` includes from another folder than its own."""
    if error.file is None or str(error.file) == str(path):
        return False
    try:
        return not Path(error.file).resolve().is_relative_to(path.parent.resolve())
    except (OSError, ValueError, RuntimeError):  # no name that a file can have, or links in a circle
        return True


def _unquoted(error: BadInput) -> BadInput:
    """``error`` without what stands in its file: who wrote the including one need not be allowed to read that."""
    problem = "cannot be read as what it is included for; what it holds is not shown, as it lies in another folder"
    return BadInput(problem, file=error.file, line=error.line, fix="look at it there, or include another file")


def _read_prefix(path: Path, choice: Choice, context: Path | None) -> PackageSet:
    if choice != EVERY or context is not None:
        raise BadInput("an installed prefix holds one set; there is nothing to choose from", file=path)
    return read_prefix(path)


def _read_file(path: Path, own: Target | None, text: str | None, document: Document) -> tuple[PackageSet, ...]:
    """The sets of a ``document`` whose text is ``text``, or stands in its file."""
    if text is None:
        text = reading.read_text(path, missing="there is no such file or folder", fix=EXPECTED)
    reading.refuse_large(len(text), path)
    sets = read_document(replace(document, text=text))
    return sets if own is None else tuple(structs.replace(one, target=own) for one in sets)


def read_given(
    text: str, file: str, folder: Path, target: Target | None = None, matrices: Matrices = _NO_ROWS
) -> PackageSet:
    """Like ``read_set`` for text that is at hand; ``folder`` is where included files are looked for."""
    return read_document(Document(text, file, folder, target, matrices=matrices))[0]
