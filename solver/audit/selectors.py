"""conda's packages that hold nothing and select builds of another one: pytorch-gpu, pytorch-cuda."""

from __future__ import annotations

from msgspec import structs

from solver.audit.package_set import Package, PackageSet
from solver.core.model import pypi_name
from solver.matrix.load import Matrices
from solver.matrix.names import Names, Selection


def selected(package_set: PackageSet, matrices: Matrices) -> PackageSet:
    """``package_set`` with the builds that its packages select, and with what they bring."""
    names = Names(matrices)
    packages = list(package_set.packages)
    for selector in package_set.packages:
        selection = None if selector.conda is None else names.selection(selector.conda, selector.version)
        if selection is None:
            continue
        at = next((at for at, one in enumerate(packages) if one.conda == selection.package), None)
        if at is not None:
            packages[at] = _with_build(packages[at], selector, selection)
        elif selection.same_version:
            packages.append(_brought(selector, selection))
    changed = tuple(packages)
    return package_set if changed == package_set.packages else structs.replace(package_set, packages=changed)


def _brought(selector: Package, selection: Selection) -> Package:
    """What a package brings in its own version."""
    name = selection.package
    return structs.replace(selector, name=pypi_name(name), conda=name, build=None, build_pattern=selection.builds)


def _with_build(package: Package, selector: Package, selection: Selection) -> Package:
    """A package with the build that is selected, where the set has left it open."""
    if package.build is not None or package.build_pattern is not None:
        return package
    version = package.version or (selector.version if selection.same_version else None)
    return structs.replace(package, version=version, build_pattern=selection.builds)
