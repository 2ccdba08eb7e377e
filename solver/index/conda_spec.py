"""conda's own little languages, each read in one place: MatchSpecs and build strings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from solver.core.errors import BadInput
from solver.core.model import CondaName

if TYPE_CHECKING:
    from rattler import MatchSpec

# What may follow the name: "python 3.12.*", "python>=3.12", "pytorch=2.5=cuda*", "numpy[version='>=2']".
_NAME_END = re.compile(r"[\s=<>!~\[]")
_NO_BUILD = "_"
"""A build string that no build has."""


def match_spec(text: str) -> MatchSpec:
    """A MatchSpec as people write it, ``pytorch=*=cuda*`` included; raises ``BadInput``."""
    from rattler import MatchSpec

    try:
        return MatchSpec(text, strict=False)
    except Exception as error:
        raise BadInput(f'"{text}" is no conda MatchSpec: {error}', fix='write one such as "numpy >=2"') from None


def spec_name(text: str) -> CondaName:
    """The package that a MatchSpec is about; for this much of it no library need be loaded."""
    return CondaName(_NAME_END.split(text.rpartition("::")[2].strip(), maxsplit=1)[0].lower())


def meets_spec(text: str, name: CondaName, version: str, build: str | None, subdir: str) -> bool:
    """Whether the package that a foreign file names meets the MatchSpec ``text``; raises ``BadInput`` for no spec.

    Without a build string only what asks for no build is met; what conda could not have meets nothing.
    """
    from rattler import BuildString, PackageRecord
    from rattler.exceptions import InvalidVersionError

    spec = match_spec(text)
    build = build or _NO_BUILD
    try:
        record = PackageRecord(name, version, BuildString(build), build_number(build), subdir)
    except (ValueError, InvalidVersionError):  # of the build string, of the version
        return False
    return spec.matches(record)


def build_number(build: str) -> int:
    """conda-build ends a build string with its number: ``py312h_1`` -> 1; without one, 0."""
    tail = build.rpartition("_")[2]
    return int(tail) if tail.isdigit() else 0
