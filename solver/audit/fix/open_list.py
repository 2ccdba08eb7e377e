"""A list that leaves versions and packages to pip: what it states while it is mended, and how little is written."""

from __future__ import annotations

from collections.abc import Mapping, Set

from msgspec import structs

from solver.audit.context import AuditContext
from solver.audit.fix.needs import asks_of, required_names
from solver.audit.package_set import Package, PackageSet
from solver.core.frameworks import framework_of
from solver.core.model import PypiName
from solver.matrix.libraries import LOADER


def with_choices(package_set: PackageSet, installed: AuditContext) -> PackageSet:
    """The list, whose open lines state what pip would choose for them."""
    return structs.replace(package_set, packages=tuple(_chosen(one, installed) for one in package_set.packages))


def _chosen(package: Package, installed: AuditContext) -> Package:
    if not package.from_index or package.version is not None or package.url is not None:
        return package
    choice = installed.packages.get(package.name)
    if choice is None or not choice.version or not choice.brought_by:
        return package
    return structs.replace(choice, extras=package.extras)


def leaves_version(package: Package) -> bool:
    """Whether the line of a package leaves its version to pip."""
    return package.version is None or bool(package.brought_by)


def shortened(given: PackageSet, mended: AuditContext, needed: Set[PypiName]) -> PackageSet:
    """``mended`` with no more than a list like ``given`` has to say of it: lines that were there, new ones that
    nobody else brings, and ``needed`` ones.

    A line that was open and need not change stays open, but of a framework that the loader is made for.
    """
    required = required_names(asks_of(mended))
    lines: Mapping[PypiName, Package] = {package.name: package for package in given.packages}
    exact = {name for name in mended.packages if framework_of(name) and LOADER in mended.packages} | needed
    kept = (_line(package, lines.get(package.name), required - needed, exact) for package in mended.set.packages)
    return structs.replace(mended.set, packages=tuple(package for package in kept if package is not None))


def _line(package: Package, before: Package | None, required: Set[PypiName], exact: Set[PypiName]) -> Package | None:
    if before is None:
        return None if package.from_index and package.name in required else package
    if before.origin != package.origin:
        return None  # conda brings it
    if before.version != package.version:
        return package
    return structs.replace(package, brought_by=()) if package.name in exact else _as_written(package)


def _as_written(package: Package) -> Package:
    """A line that does not change."""
    return structs.replace(package, version=None, brought_by=()) if package.brought_by else package
