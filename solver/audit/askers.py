"""Which packages of a set ask for another, and which of them refuse what a cure would have."""

from __future__ import annotations

from solver.audit.context import AuditContext
from solver.audit.package_set import Package
from solver.core.model import PypiName
from solver.core.versions import is_empty, specifier_or_none


def askers_of(context: AuditContext, name: PypiName) -> tuple[Package, ...]:
    """The packages that ask for ``name``, other than under an extra that nobody named; sorted by pin."""
    asking = (package for package, _ in context.asks.get(name, ()) if package.name != name)
    return tuple(dict.fromkeys(asking))


def refusing(context: AuditContext, name: PypiName, specifier: str | None) -> tuple[tuple[Package, str], ...]:
    """The packages that admit no version of ``name`` within ``specifier``, each with what it asks for."""
    if specifier is None or specifier_or_none(specifier) is None:
        return ()
    return tuple(
        (package, f"{name}{requirement.specifier}")
        for package, requirement in context.asks.get(name, ())
        if package.name != name and is_empty(f"{requirement.specifier},{specifier}")
    )
