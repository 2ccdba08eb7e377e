"""The forms of an audit's outcome: JSON for programs, lines for people. Nothing is printed here."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from solver.audit.phrases import counted
from solver.core.acceptance import finding_id
from solver.core.model import SEVERITIES, Finding

_INDENT = "    "
_MOST_SHOWN = 20
"""So many packages stand at the head of a finding."""


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """``{"findings": […]}``; ``paths``, ``brought``, ``parts`` and ``accepted`` stand only where a finding has some."""
    return {"findings": [{"id": finding_id(one.code, one.names), **entry_of(one)} for one in findings]}


def entry_of(finding: Finding) -> dict[str, Any]:
    """What a finding tells, without the id, which is made of that."""
    entry: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "packages": list(finding.packages),
        "why": finding.why,
        "source": finding.source,
        "cure": finding.cure,
    }
    lists = {"paths": finding.paths, "brought": finding.brought, "parts": finding.parts}
    entry |= {key: list(values) for key, values in lists.items() if values}
    return entry | ({} if finding.accepted is None else {"accepted": finding.accepted})


def as_lines(findings: Sequence[Finding], nothing: str, width: int = 100) -> Iterator[str]:
    """The findings for a terminal of ``width`` columns, without colour; where there are none, ``nothing``."""
    for finding in findings:
        accepted = "" if finding.accepted is None else "accepted "
        about = f": {_shown(finding.packages)}" if finding.packages else ""
        yield f"{accepted}{finding.severity} {finding.code}{about}"
        if finding.accepted is not None:
            yield from _wrapped("accepted", finding.accepted, width)
        if finding.parts:
            yield from _wrapped("in", names_of(finding.parts), width)
        yield from _wrapped("why", finding.why, width)
        if finding.brought:
            yield from _wrapped("brought", "; ".join(finding.brought), width)
        if finding.paths:
            yield from _wrapped("paths", ", ".join(finding.paths), width)
        yield from _wrapped("cure", finding.cure, width)
        yield from _wrapped("source", finding.source, width)
    yield tally(findings) if findings else nothing


def _shown(packages: Sequence[str]) -> str:
    """The packages of a finding, the first of them where they are many; JSON has them all."""
    if len(packages) <= _MOST_SHOWN:
        return ", ".join(packages)
    return f"{', '.join(packages[: _MOST_SHOWN - 1])} and {len(packages) - _MOST_SHOWN + 1} more"


def names_of(parts: Sequence[str]) -> str:
    """Names of sets in a sentence; some have a comma of their own."""
    return ("; " if any("," in part for part in parts) else ", ").join(parts)


def tally(findings: Sequence[Finding]) -> str:
    """How many errors, warnings and notes, and how many that somebody accepts."""
    numbers = Counter(finding.severity for finding in findings if finding.accepted is None)
    counts = [counted(numbers[word], word) for word in SEVERITIES if numbers[word]]
    accepted = sum(finding.accepted is not None for finding in findings)
    return ", ".join([*counts, *([f"{accepted} accepted"] if accepted else [])])


def _wrapped(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        f"{_INDENT}{label}: {text}",
        width=max(width, 40),
        subsequent_indent=_INDENT * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
