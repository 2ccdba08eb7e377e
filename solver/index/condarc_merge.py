"""What several of conda's configurations say together: each key and entry with its mark, merged as conda does it.

A mark is the comment at the end of a line: ``#!final`` on a key shuts out whatever is stronger, ``#!top`` and
``#!bottom`` put an entry of a list first or last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from solver.core.yamlfile import Data, Key, YamlDocument

_MARK = re.compile(r"\s#!(final|top|bottom)\s*$")
MarkOf = Callable[[tuple[Key, ...]], str | None]
"""The mark of the key or entry at a path."""


@dataclass(frozen=True)
class Marked:
    """A value with its mark, and those of what lies in it."""

    value: Any
    """A scalar, or a mapping or a list of such values."""
    mark: str | None = None
    """What conda calls its mark ("final", "top", "bottom"); None: it has none."""


def with_marks(value: Data, mark_of: MarkOf = lambda path: None, path: tuple[Key, ...] = ()) -> Marked:
    """``value``, which lies at ``path``, with the marks in it."""
    inner = value
    if isinstance(value, dict):
        inner = {key: with_marks(entry, mark_of, (*path, key)) for key, entry in value.items()}
    elif isinstance(value, list):
        inner = [with_marks(entry, mark_of, (*path, place)) for place, entry in enumerate(value)]
    return Marked(inner, mark_of(path))


def marks_in(document: YamlDocument, text: str) -> MarkOf:
    """The marks of a document whose text is ``text``."""
    lines = text.splitlines()

    def mark_of(path: tuple[Key, ...]) -> str | None:
        line = document.line(*path) if path else None
        found = None if line is None or line > len(lines) else _MARK.search(lines[line - 1])
        return None if found is None else found[1]

    return mark_of


def merged_settings(said: Sequence[Marked]) -> Data:
    """What configurations say of one key together, weakest first."""
    final = next((place for place, one in enumerate(said) if _is_final(one)), len(said) - 1)
    heard = [one for one in said[: final + 1] if type(one.value) is type(said[final].value)]
    strongest = heard[-1].value
    if isinstance(strongest, dict):
        by_name: dict[str, list[Marked]] = {}
        for one in heard:
            for name, entry in one.value.items():
                by_name.setdefault(name, []).append(entry)
        # A final entry stands alone, whereas a final key takes in what weaker files say.
        finals = {name: [one for one in entries if _is_final(one)][:1] for name, entries in by_name.items()}
        return {name: merged_settings(finals[name] or entries) for name, entries in by_name.items()}
    return _merged_list([one.value for one in heard]) if isinstance(strongest, list) else strongest


def _is_final(one: Marked) -> bool:
    return one.mark == "final"


def _merged_list(lists: Sequence[Sequence[Marked]]) -> list[Data]:
    top = [entry for one in lists for entry in one if entry.mark == "top"]
    every = [entry for one in reversed(lists) for entry in one]
    bottom = [entry for one in reversed(lists) for entry in one if entry.mark == "bottom"]
    first = _once(_plain(entry) for entry in (*top, *every))
    # What is marked in both ways is last.
    return _once(reversed([*first, *map(_plain, bottom)]))[::-1]


def _plain(entry: Marked) -> Data:
    return merged_settings([entry])


def _once(values: Iterable[Data]) -> list[Data]:
    kept: list[Data] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept
