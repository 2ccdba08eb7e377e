"""The dependency groups of a pyproject.toml (PEP 735): what each asks for, with the groups that it includes.

``packaging.dependency_groups`` reads the same words, but keeps no text as it was written, by which an error finds its
line, and repeats a group as often as others include it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from solver.core.errors import BadInput
from solver.core.names import shown

_KEY = "dependency-groups"
_DEEPEST = 100
"""Groups that may include one another."""


@dataclass(frozen=True)
class IncludedGroup:
    """An entry of a group that stands for all of another one."""

    name: str


GroupEntry = str | IncludedGroup
"""A requirement, or a group that is included."""


def expanded_groups(groups: Mapping[str, Iterable[GroupEntry]], file: str | Path) -> dict[str, tuple[str, ...]]:
    """By name, as it is written, the requirements of each group and of those that it includes, each once.

    Names are compared as those of packages are. Raises ``BadInput`` naming ``file`` for a name that two groups have,
    for one that none has, and for a group that includes itself.
    """
    by_name: dict[str, str] = {}
    for name in groups:
        twin = by_name.setdefault(canonicalize_name(name), name)
        if twin != name:
            raise BadInput(f"{shown(twin)} and {shown(name)} are one name", file=file, key=_KEY, fix="rename one")
    expansion = _Expansion(groups, by_name, file)
    return {name: expansion.of(name, ()) for name in groups}


@dataclass
class _Expansion:
    groups: Mapping[str, Iterable[GroupEntry]]
    by_name: Mapping[str, str]
    file: str | Path
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str, within: tuple[str, ...]) -> tuple[str, ...]:
        """The requirements of a group, by whatever spelling of its name; ``within``: the groups that include it."""
        written = self.by_name.get(canonicalize_name(name))
        if written is None or written in within:
            what = "is not there" if written is None else "includes itself"
            raise BadInput(f"the group {shown(name)} {what}", file=self.file, key=_KEY, fix="mend its name")
        if len(within) > _DEEPEST:
            problem = f"more than {_DEEPEST} groups include one another"
            raise BadInput(problem, file=self.file, key=_KEY, fix="write fewer")
        if written not in self.known:
            texts: dict[str, None] = {}
            for entry in self.groups[written]:
                several = (entry,) if isinstance(entry, str) else self.of(entry.name, (*within, written))
                texts |= dict.fromkeys(several)
            self.known[written] = tuple(texts)
        return self.known[written]
