"""What readers of other tools' files share: typed values, and errors that name the place of what is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from solver.core.decode import Placed, decode
from solver.core.errors import BadInput
from solver.core.names import BadName
from solver.core.yamlfile import Data, Key, dotted

T = TypeVar("T")
AGAIN = "write the lock anew with the tool that made it"
"""What to do with a lock that cannot be read: nobody mends one by hand."""


class Foreign(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a file of another tool is made of; its fields are those that somebody here reads.

    None: the file has no such key.
    """


class Hyphened(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """Like ``Foreign``, where the words of a key are joined by hyphens. None: the file has no such key."""


@dataclass(frozen=True)
class PlainDocument:
    """A parsed document that knows no lines."""

    file: str
    """As errors name it."""
    data: Data = field(repr=False)
    """Plain dicts, lists and scalars."""

    def line(self, *path: Key) -> int | None:
        """1-based line of what stands at ``path``; None where nobody knows."""
        return None

    def text(self, *path: Key) -> str | None:
        """The scalar at ``path``; None where no scalar is."""
        value: Any = self.data
        for step in path:
            value = value[step]
        return None if isinstance(value, dict | list) else str(value)

    def error(self, problem: str, *path: Key, fix: str | None = None) -> BadInput:
        """A ``BadInput`` at ``path``."""
        return BadInput(problem, file=self.file, line=self.line(*path), key=dotted(path) or None, fix=fix)


def typed(document: Placed, type: type[T], fix: str = AGAIN) -> T:
    """The document as a value; raises ``BadInput`` at the first thing that does not fit."""
    return decode(document, type, fix)


@contextmanager
def at(document: Placed, *path: Key, fix: str = AGAIN) -> Iterator[None]:
    """Tell of a bad name inside as a ``BadInput`` at ``path``."""
    try:
        yield
    except BadName as error:
        raise document.error(str(error), *path, fix=fix) from None
