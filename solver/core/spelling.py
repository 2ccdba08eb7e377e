"""Names that a misspelt word may have meant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_LETTERS_A_MISTAKE = 4
"""A word of so many letters may have one mistake, of twice as many two."""

_SPECIAL = re.compile(r"[\"$`\\]|!(?!=)")
"""What a shell reads in double quotes, too."""


def near_names(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Those of ``known`` that differ from ``word`` in the fewest letters; empty where none is near."""
    mistakes = max(1, len(word) // _LETTERS_A_MISTAKE)
    # What differs that much in length need not be compared.
    alike = {name for name in known if name and abs(len(name) - len(word)) <= mistakes}
    apart = {name: distance(word, name) for name in alike}
    fewest = min(apart.values(), default=mistakes)
    return tuple(sorted(name for name in alike if apart[name] == fewest <= mistakes))[:most]


def distance(one: str, other: str) -> int:
    """The letters to change, to add, to leave out or to swap with their neighbour to make ``other`` of ``one``.

    Optimal string alignment: no letter is touched twice.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, target in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def either(names: Iterable[str]) -> str:
    """``names`` in words: "one, two or three"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def all_of(names: Iterable[str]) -> str:
    """``names`` in words: "one, two and three"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def command_line(*words: str) -> str:
    """A command to copy, each word quoted that a shell would read otherwise: so that those of Windows take it, too."""
    return " ".join(map(_quoted, words))


def command(*words: str) -> str:
    """``command_line`` as a sentence has it."""
    return f"`{command_line(*words)}`"


def _quoted(word: str) -> str:
    quoted = shlex.quote(word)
    return quoted if quoted == word or _SPECIAL.search(word) else f'"{word}"'
