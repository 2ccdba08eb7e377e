"""Which packages of a set ask for another, and which of them refuse what a cure would have."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from solver.audit.context import AuditContext
from solver.audit.package_set import Package
from solver.core.markers import applies
from solver.core.target import marker_environment
from solver.core.versions import specifier_or_none


def askers_of(context: AuditContext, name: str) -> tuple[Package, ...]:
    """The packages that ask for ``name`` (normalized), other than under an extra that nobody named; sorted by pin."""
    return tuple(dict.fromkeys(package for package, _ in _asks(context, name)))


def refusing(context: AuditContext, name: str, specifier: str | None) -> tuple[tuple[Package, str], ...]:
    """The packages that admit no version of ``name`` within ``specifier``, each with what it asks for."""
    if specifier_or_none(specifier or "") is None:
        return ()
    return tuple(
        (package, f"{name}{requirement.specifier}")
        for package, requirement in _asks(context, name)
        if SpecifierSet(f"{requirement.specifier},{specifier}", prereleases=True).is_unsatisfiable()
    )


def _asks(context: AuditContext, name: str) -> Iterator[tuple[Package, Requirement]]:
    environment = marker_environment(context.target)
    for package in sorted(context.set.packages, key=lambda package: package.pin):
        if package.origin == "pypi" and package.version is not None and package.name != name:
            for requirement in context.requirements(package, about=name):
                if applies(requirement.marker, environment, package.extras):
                    yield package, requirement
