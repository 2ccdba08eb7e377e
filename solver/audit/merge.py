"""Findings of several sets of one file: each is told once, with the sets that it is in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from solver.audit.run import gravest_first
from solver.core.model import Finding

PLAIN = "the plain set"
"""How the set is called that is installed where nobody asks for more."""


def in_parts(findings: Mapping[str, tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """The findings by part of the file, as one list in the order of an audit; what all parts share names none."""
    parts: dict[Finding, list[str]] = {}
    for part, several in findings.items():
        for finding in several:
            parts.setdefault(finding, []).append(part or PLAIN)
    everywhere = len(findings) if "" in findings else 0
    return gravest_first(
        finding if len(names) == everywhere else structs.replace(finding, parts=tuple(names))
        for finding, names in parts.items()
    )
