"""Whether what stands behind an environment marker counts: PEP 508's markers, and PEP 751's of a ``pylock.toml``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.core.names import BadName, shown

_NAME = r"""(?P<quote{0}>['"])(?P<name{0}>[^'"]*)(?P=quote{0})"""
_EXTRA = re.compile(rf"\bextra\s*(?P<sign1>==|!=)\s*{_NAME.format(1)}|{_NAME.format(2)}\s*(?P<sign2>==|!=)\s*extra\b")
"""PEP 508 lets the variable stand on either side."""
_OR = re.compile(r"\bor\b")
_TRUE, _FALSE = 'python_version >= "0"', 'python_version < "0"'


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


def requirements_on(texts: Iterable[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    """Those of some requirements (PEP 508) that count on a target, without their markers; raises like ``applies``."""
    for requirement in map(Requirement, texts):
        if applies(requirement.marker, environment):
            requirement.marker = None
            yield requirement


def applies_in_pylock(
    marker: Marker | None, environment: Mapping[str, str], groups: Iterable[str], extras: Iterable[str] = ()
) -> bool:
    """Whether a package of a ``pylock.toml`` is installed with the dependency ``groups`` and the ``extras``.

    PEP 751 has sets, ``extras`` and ``dependency_groups``, where PEP 508 has one ``extra`` at a time.
    Raises ``BadMarker`` like ``applies``.
    """
    sets = {"extras": frozenset(extras), "dependency_groups": frozenset(groups)}
    return marker is None or _holds(marker, {**environment, **sets}, "lock_file")


def with_extras(marker: str, extras: Collection[str]) -> str:
    """``marker`` with what it asks of ``extra`` answered for a set of them, where PEP 508 knows one at a time."""

    def answer(match: re.Match[str]) -> str:
        side = 1 if match["sign1"] else 2
        return _TRUE if (match[f"name{side}"] in extras) is (match[f"sign{side}"] == "==") else _FALSE

    return _EXTRA.sub(answer, marker)


def names_an_extra(marker: str) -> bool:
    """Whether ``marker`` asks for an extra anywhere."""
    return _EXTRA.search(marker) is not None


def extras_in(requirement: str) -> set[str]:
    """The extras (normalized) under which a PEP 508 requirement stands; none where it stands for everybody."""
    # Most requirements have no marker, and a snapshot has a hundred thousand of them.
    marker = requirement.partition(";")[2]
    compared = _EXTRA.finditer(marker) if "extra" in marker else ()
    return {canonicalize_name(one["name1"] or one["name2"]) for one in compared if "==" in (one["sign1"], one["sign2"])}


def waits_for_an_extra(requirement: str) -> bool:
    """Whether a requirement (PEP 508) surely counts for nobody who asks for no extra; cheap, since nothing is parsed.

    So it is where its marker compares an extra with a name, and no ``or`` leaves it another way to hold. Most lines of
    metadata are such, and parsing them costs more than all else of an audit.
    """
    marker = requirement.partition(";")[2]
    compared = _EXTRA.search(marker)
    return compared is not None and "==" in (compared["sign1"], compared["sign2"]) and _OR.search(marker) is None


def _holds(
    marker: Marker,
    environment: Mapping[str, str | frozenset[str]],
    context: Literal["metadata", "lock_file"] = "metadata",
) -> bool:
    try:
        return marker.evaluate(environment, context=context)
    except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        raise BadMarker(f"the marker {shown(str(marker))} compares what has no order, or is not known here") from None
