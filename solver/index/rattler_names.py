"""Names that py-rattler changed, each read here alone: conda-rattler-solver 0.2 is bound to an older one than ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rattler import BuildString, Subdir


def as_subdir(text: str) -> Subdir:
    """The folder of a platform in a channel, which was called Platform before 0.27."""
    import rattler

    kind = getattr(rattler, "Subdir", None) or rattler.Platform
    return cast("Subdir", kind(text))


def as_build(text: str) -> BuildString:
    """A build, which was any string before 0.28."""
    import rattler

    return cast("BuildString", getattr(rattler, "BuildString", str)(text))
