"""The sets that live in one file: which there are, and which of them somebody chose."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from solver.core.errors import BadInput


@dataclass(frozen=True)
class Choice:
    """What of a lock somebody wants looked at; empty: every set of it."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Of uv, poetry, pdm and PEP 751; categories of conda-lock and pipenv."""
    environments: tuple[str, ...] = ()
    """Of pixi."""
    services: tuple[str, ...] = ()
    """Of a compose file."""


EVERY = Choice()
MOST_LOOKS = 400_000
"""Packages times sets of one lock: ten seconds; the largest that are known have a quarter."""


@dataclass(frozen=True)
class Part:
    """One set of a lock: what is always installed, and the extras and groups beside it."""

    name: str = ""
    """Empty for what is installed where nobody asks for more."""
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def parts_of(
    choice: Choice, extras: Iterable[str], groups: Iterable[str], file: str, *, packages: int
) -> tuple[Part, ...]:
    """The sets to look at: what was chosen as one set, else the plain one and each extra and group beside it.

    ``packages``: how many the lock has, each of which every set looks at. Raises ``BadInput`` for a choice of
    what the lock does not have, and where looking at every set would take minutes.
    """
    extras, groups = tuple(dict.fromkeys(extras)), tuple(dict.fromkeys(groups))
    refuse_unknown("extra", choice.extras, extras, file)
    refuse_unknown("group", choice.groups, groups, file)
    if choice.extras or choice.groups:
        words = [*(f"extra {name}" for name in choice.extras), *(f"group {name}" for name in choice.groups)]
        return (Part(", ".join(words), frozenset(choice.extras), frozenset(choice.groups)),)
    sets = 1 + len(extras) + len(groups)
    if sets > 1 and sets * packages > MOST_LOOKS:
        problem = f"has {sets} sets of up to {packages} packages, which are too many to look at each of them"
        raise BadInput(problem, file=file, fix="choose one with --extra or --group")
    return (
        Part(),
        *(Part(f"extra {name}", extras=frozenset((name,))) for name in extras),
        *(Part(f"group {name}", groups=frozenset((name,))) for name in groups),
    )


def refuse_unknown(kind: str, chosen: Iterable[str], there: Collection[str], file: str, what: str = "lock") -> None:
    """Raises ``BadInput`` for the first name that is not there in the file, which is a ``what``."""
    for name in chosen:
        if name not in there:
            has = f"it has {', '.join(there)}" if there else f"it has no {kind}"
            raise BadInput(f"the {what} has no {kind} {name!r}; {has}", file=file, key=f"--{kind}")
