"""Findings of several sets of one file: each is told once, with the sets that it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from solver.audit.phrases import MOST_LACKING, listed
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
    order = {part or PLAIN: at for at, part in enumerate(findings)}
    return gravest_first(
        finding
        if len(names) == everywhere
        else structs.replace(finding, parts=tuple(sorted(names, key=lambda name: order[name])))
        for finding, names in _with_one_gap_of_a_kind(parts).items()
    )


def _with_one_gap_of_a_kind(parts: Mapping[Finding, list[str]]) -> dict[Finding, list[str]]:
    """``parts`` with what nobody recorded of several sets as one finding, where it is of one kind."""
    kinds: dict[tuple[str, ...], list[Finding]] = {}
    for finding in parts:
        if finding.lacking:
            kinds.setdefault((finding.code, finding.severity, finding.source), []).append(finding)
    # The sentence about one is another, so that one about several has to be there.
    joined = [several for several in kinds.values() if any(len(finding.lacking) > 1 for finding in several)]
    gone = {finding for several in joined for finding in several}
    merged = {finding: names for finding, names in parts.items() if finding not in gone}
    for several in joined:
        merged[_as_one(several)] = [*dict.fromkeys(name for finding in several for name in parts[finding])]
    return merged


def _as_one(several: Sequence[Finding]) -> Finding:
    first = max(several, key=lambda finding: len(finding.lacking))
    lacking = tuple(sorted({name for finding in several for name in finding.lacking}))
    packages = dict(
        sorted({pin: name for one in several for pin, name in zip(one.packages, one.names, strict=True)}.items())
    )
    return structs.replace(
        first,
        packages=tuple(packages),
        names=tuple(packages.values()),
        why=first.why.replace(listed(first.lacking, most=MOST_LACKING), listed(lacking, most=MOST_LACKING)),
        lacking=lacking,
    )
