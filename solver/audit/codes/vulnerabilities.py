"""``vulnerability``: known vulnerabilities, asked through pip-audit's library. Off by default: it needs the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from solver.audit.findings import finding_about
from solver.audit.package_set import Package, PackageSet
from solver.audit.phrases import listed
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import Finding
from solver.core.versions import version_or_none

CODE = "vulnerability"


class Service(Protocol):
    """What is used of pip-audit's ``VulnerabilityService``."""

    def query_all(self, specs: Iterator[Any]) -> Iterable[tuple[Any, Iterable[Any]]]:
        """Each dependency with what is known against it."""
        ...


def vulnerabilities(package_set: PackageSet, service: Service | None = None) -> tuple[Finding, ...]:
    """A warning for each known vulnerability of a PyPI package of the set, sorted by package.

    ``service`` is pip-audit's (default: the one that asks the package index).
    Raises ``BadInput`` where pip-audit is not installed, ``IndexUnavailable``
    where the service does not answer.
    """
    try:
        from pip_audit._service import PyPIService, ResolvedDependency, ServiceError
    except ImportError:
        raise BadInput("--vulnerabilities needs pip-audit", fix="install interlock[audit]") from None
    packages = {
        ResolvedDependency(name=str(package.name), version=release): package
        for package in package_set.packages
        if package.from_index and (release := version_or_none(package.version)) is not None
    }
    try:
        answers = list((service or PyPIService()).query_all(iter(packages)))
    except ServiceError as error:
        raise IndexUnavailable(f"the vulnerability service does not answer: {error}") from error
    findings = [_finding(packages[dependency], result) for dependency, results in answers for result in results]
    return tuple(sorted(findings, key=lambda finding: (finding.packages, finding.why)))


def _finding(package: Package, result: Any) -> Finding:  # noqa: ANN401 - pip-audit's type, imported late
    said = " ".join(str(result.description).split())
    fixed = [str(release) for release in result.fix_versions]
    return finding_about(
        (package,),
        code=CODE,
        severity="warning",
        why=f"{result.id}: {said}",
        source=", ".join(sorted({str(result.id), *map(str, result.aliases)})),
        cure=f"take {package.name} {listed(fixed)}" if fixed else f"no fixed version of {package.name} is known",
    )
