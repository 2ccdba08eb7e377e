"""What a command of an image's build does, as a value, and the options of a command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Act = Literal["pip", "uninstall", "conda", "environment", "lock", "create", "activate", "system", "script", "cd"]


@dataclass(frozen=True)
class BuildStep:
    """What one command does."""

    act: Act
    words: tuple[str, ...] = ()
    """Requirements or match specs; of ``uninstall`` names, of ``system`` what a package manager installs."""
    options: tuple[str, ...] = ()
    """Lines of a requirements file: files that are included, indexes."""
    files: tuple[str, ...] = ()
    """An environment.yml, an explicit file or a lock; of ``script`` the script, of ``cd`` the folder."""
    place: str | None = None
    """The environment that it is about: the name of conda's, or its folder; None: the one that is in force."""
    makes: bool = False
    """Whether the environment is made where there is none."""
    python: str | None = None
    """major.minor of the python that it is made with; None: nobody said."""
    replaces: bool = False
    """Whether what is installed already is taken anew (``--upgrade``)."""
    alone: bool = False
    """Whether whatever else pip and uv installed there goes (``uv pip sync``)."""
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    text: str = ""
    """The command as a sentence calls it."""


def options_of(words: Sequence[str], valued: frozenset[str] | set[str]) -> Iterator[tuple[str | None, str]]:
    """Each option with its value, and each other word with None for an option."""
    rest = iter(words)
    for word in rest:
        option, sign, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            yield None, word
        elif option in valued and sign:
            yield option, value
        elif word in valued:
            yield word, next(rest, "")
        elif word[:2] in valued and not word.startswith("--") and len(word) > 2:
            yield word[:2], word[2:]
        else:
            yield option, value


def text_of(words: Sequence[str]) -> str:
    """A command as a sentence calls it."""
    return " ".join(words[:8]) + (" …" if len(words) > 8 else "")
