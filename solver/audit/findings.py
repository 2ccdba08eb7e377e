"""Makes findings about packages of the set: the one place where a finding's texts and names of packages are paired."""

from __future__ import annotations

from collections.abc import Iterable

from solver.audit.package_set import Package
from solver.core.model import Finding, Severity


def finding_about(
    packages: Iterable[Package],
    *,
    code: str,
    severity: Severity,
    why: str,
    source: str,
    cure: str,
    paths: tuple[str, ...] = (),
    row: str | None = None,
) -> Finding:
    """A finding about ``packages``, each told once, sorted by its pin."""
    by_pin = {package.pin: package.name for package in packages}
    pins = sorted(by_pin)
    return Finding(
        code=code,
        severity=severity,
        packages=tuple(pins),
        names=tuple(dict.fromkeys(by_pin[pin] for pin in pins)),
        why=why,
        source=source,
        cure=cure,
        paths=paths,
        row=row,
    )
