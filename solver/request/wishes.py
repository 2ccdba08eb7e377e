"""What another tool's file asks for, as it stands in it: the matter of which a request is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Flavour, Target


@dataclass(frozen=True)
class Wish:
    """One line that asks for something."""

    text: str
    where: str
    """File and line, or file and key."""
    known: bool = False
    """Whether somebody is known to have asked for it, though frameworks bring such packages by themselves."""


@dataclass(frozen=True)
class Source:
    """What a file asks for."""

    file: str
    name: str | None = None
    """Of the environment; None: the file names none."""
    channels: tuple[str, ...] = ()
    conda: tuple[Wish, ...] = ()
    """MatchSpecs, python and pip among them."""
    pip: tuple[Wish, ...] = ()
    """Requirements and options as pip reads them."""
    python: str | None = None
    """Specifier; None: the file states none."""
    variables: Mapping[str, str] = field(default_factory=dict)
    flavour: Flavour = "pip-in-conda"
    """Where the frameworks shall come from."""
    target: Target | None = None
    """Where its set shall run; None: the file does not say."""
    told: tuple[str, ...] = ()
    """What is not read of the file, or not in any case, a line each."""


SourceReader = Callable[[Path], Source]


def wishes_at(path: Path, key: str, texts: object) -> tuple[Wish, ...]:
    """The texts of a list that stands at ``key``; raises ``BadInput`` where it is none."""
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadInput("expected a list of requirements", file=path, key=key)
    return tuple(Wish(text, f"{path.name}: {key}") for text in texts)


def names_framework(wish: Wish) -> bool:
    """Whether a wish, of conda or of pip, is for a framework."""
    named = re.match(r"(?:[\w./:-]+::)?([\w.-]+)", wish.text.strip())
    return named is not None and named[1].lower().replace("_", "-") in _NAMES


_NAMES = frozenset(
    name
    for entry in FRAMEWORKS.values()
    for name in (entry.name, entry.cpu, entry.conda, f"{entry.conda}-gpu", f"{entry.conda}-cpu")
)


def text_or_none(value: object) -> str | None:
    """A text that says something; None for whatever else a file holds there."""
    return value if isinstance(value, str) and re.search(r"\S", value) else None
