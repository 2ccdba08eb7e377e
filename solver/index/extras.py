"""Extras in the markers of requirements."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name

_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


def extras_in(requirement: str) -> set[str]:
    """The extras (normalized) under which a PEP 508 requirement stands; none where it stands for everybody."""
    # Most requirements have no marker, and a snapshot has a hundred thousand of them.
    marker = requirement.partition(";")[2]
    return {canonicalize_name(extra) for extra in _EXTRA.findall(marker)} if "extra" in marker else set()
