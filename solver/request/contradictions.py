"""Which keys of a request's target cannot stand beside a value of another, each told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TargetConflict:
    """A key that means nothing beside a value of another key."""

    key: str
    value: str
    why: str
    other: str
    """The key that must not be there then."""
    fix: str

    @property
    def problem(self) -> str:
        """What is said of ``other``."""
        return f"contradicts {self.key}: {self.value}, {self.why}"


_EVERY = (
    TargetConflict("cuda", "none", "which uses no GPU", "gpu", "drop one of them"),
    TargetConflict("cuda", "none", "which uses no GPU", "driver", "drop one of them"),
    TargetConflict("platform", "win-64", "which has no glibc", "glibc", "drop it"),
    TargetConflict("platform", "linux-aarch64", "whose processors are no x86-64", "cpu", "drop it"),
)


def contradictions(keys: Mapping[str, object], cuda: str) -> Iterator[TargetConflict]:
    """Those of the ``keys`` of a target and of the request's ``cuda``, in the order of the table."""
    said = {**keys, "cuda": cuda}
    return (one for one in _EVERY if said.get(one.key) == one.value and one.other in keys)
