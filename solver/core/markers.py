"""Whether what stands behind an environment marker counts: PEP 508's markers, and PEP 751's of a ``pylock.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

from solver.core.names import BadName, shown


class BadMarker(BadName):
    """A text that is no marker, or one that nobody can evaluate; the message is a sentence that quotes it."""


def read_marker(text: str) -> Marker:
    """``text`` as a marker; raises ``BadMarker`` where it is none."""
    try:
        return Marker(text)
    # packaging reads nests by calling itself.
    except (InvalidMarker, ValueError, RecursionError):
        raise BadMarker(f"expected a marker, found {shown(text)}") from None


def applies(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """Whether a requirement with ``marker`` counts for everybody, or for someone who asks for one of ``extras``.

    ``environment`` holds the marker values of the target, as ``target.marker_environment`` tells them.
    No marker holds everywhere. Raises ``BadMarker`` where the marker asks for what this environment has
    not, or compares what has no order.
    """
    return marker is None or any(_holds(marker, {**environment, "extra": extra}) for extra in ("", *extras))


def applies_in_pylock(
    marker: Marker | None, environment: Mapping[str, str], groups: Iterable[str], extras: Iterable[str] = ()
) -> bool:
    """Whether a package of a ``pylock.toml`` is installed with the dependency ``groups`` and the ``extras``.

    PEP 751 has sets, ``extras`` and ``dependency_groups``, where PEP 508 has one ``extra`` at a time.
    Raises ``BadMarker`` like ``applies``.
    """
    sets = {"extras": frozenset(extras), "dependency_groups": frozenset(groups)}
    return marker is None or _holds(marker, {**environment, **sets}, "lock_file")


def _holds(
    marker: Marker,
    environment: Mapping[str, str | frozenset[str]],
    context: Literal["metadata", "lock_file"] = "metadata",
) -> bool:
    try:
        return marker.evaluate(environment, context=context)
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        raise BadMarker(f"the marker {shown(str(marker))} compares what has no order, or is not known here") from None
