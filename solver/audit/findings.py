"""Makes findings about packages of the set: the one place where a finding's texts and names of packages are paired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.core.model import Clause, Finding, Severity


def finding_about(
    packages: Iterable[Package],
    *,
    code: str,
    severity: Severity,
    why: str | Sequence[Clause],
    source: str,
    cure: str,
    paths: tuple[str, ...] = (),
    row: str | None = None,
) -> Finding:
    """A finding about ``packages``, each told once, sorted by its pin; clauses of ``why`` may be grouped."""
    every = tuple(packages)
    by_pin = {package.pin: package.name for package in every}
    pins = sorted(by_pin)
    return Finding(
        code=code,
        severity=severity,
        packages=tuple(pins),
        names=tuple(dict.fromkeys(by_pin[pin] for pin in pins)),
        why=why if isinstance(why, str) else in_words(clause.text for clause in why),
        clauses=() if isinstance(why, str) else tuple(why),
        source=source,
        cure=cure,
        paths=paths,
        brought=tuple(_brought(every)),
        row=row,
    )


def in_words(clauses: Iterable[str]) -> str:
    """Clauses as one sentence."""
    return "; ".join(clauses)


def _brought(packages: Iterable[Package]) -> Iterator[str]:
    """``numpy==2.4.0 by numpy>=1.26 (line 3)``; those that the same lines bring are told together."""
    pins: dict[tuple[str, ...], list[str]] = {}
    for package in sorted(set(packages), key=lambda package: package.pin):
        if package.brought_by:
            pins.setdefault(package.brought_by, []).append(package.pin)
    for lines, brought in pins.items():
        yield f"{listed(brought, most=20)} by {listed(lines, most=3)}"
