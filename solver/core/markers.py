"""Whether what stands behind an environment marker counts: PEP 508's markers, and PEP 751's of a ``pylock.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.markers import Marker


def applies(marker: Marker | None, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """Whether a requirement with ``marker`` counts for everybody, or for someone who asks for one of ``extras``.

    ``environment`` holds the marker values of the target, as ``target.marker_environment`` tells them.
    No marker holds everywhere. Raises packaging's ``UndefinedComparison`` where the marker
    compares what has no order.
    """
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def applies_in_pylock(marker: Marker | None, environment: Mapping[str, str], groups: Iterable[str]) -> bool:
    """Whether a package of a ``pylock.toml`` is installed with the dependency ``groups`` and no extra.

    PEP 751 has sets, ``extras`` and ``dependency_groups``, where PEP 508 has one ``extra`` at a time.
    """
    sets = {"extras": frozenset[str](), "dependency_groups": frozenset(groups)}
    return marker is None or marker.evaluate({**environment, **sets}, context="lock_file")
