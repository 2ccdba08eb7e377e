"""Where a set is taken to run that does not say so."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs
from packaging.version import Version

from solver.audit.codes import python_tag
from solver.audit.origins import has_flavours
from solver.audit.package_set import Package, PackageSet, default_python
from solver.core.answer import NOT_KNOWN
from solver.core.errors import IndexUnavailable
from solver.core.indexes import is_default, is_of_default
from solver.core.model import IndexFile, Platform, Target
from solver.core.versions import meets, version_or_none
from solver.index import Index, ReleaseRefused
from solver.matrix.builds import pythons
from solver.matrix.load import Matrices
from solver.matrix.rows import Build


def assumed_target(package_set: PackageSet, matrices: Matrices, index: Index | None = None) -> Target:
    """The set's own target; else the default one, on a python that what the set pins has wheels for.

    ``index``: what is asked for wheels that no row tells of; None: nothing is.
    """
    if package_set.target is not None:
        return package_set.target
    target = Target()
    platform = package_set.platform or _only_platform(package_set, matrices) or target.platform
    python = package_set.python
    if python is None:
        admitted = default_python(package_set.requires_python)
        served = _served_pythons(package_set, matrices, platform)
        both = {one for one in served if meets(f"{one}.99", package_set.requires_python or "")} or served
        python = admitted if admitted in both or not both else max(both, key=Version)
        if index is not None and not package_set.closed:
            here = structs.replace(target, platform=platform, python=python)
            python = _recorded_python(package_set, index, here, both)
    return structs.replace(target, platform=platform, python=python)


def _only_platform(package_set: PackageSet, matrices: Matrices) -> Platform | None:
    """The platform of a package that is made for no other, as rows tell; None where there is none in the set."""
    for package in package_set.packages:
        if package.from_index and package.version is not None:
            platforms = {row.platform for row in matrices.builds_of(package.name)}
            if len(platforms) == 1 and not platforms & {Target().platform}:
                return platforms.pop()
    return None


def _served_pythons(package_set: PackageSet, matrices: Matrices, platform: Platform) -> set[str]:
    """The pythons that every framework of the set, and every wheel that an open list names, is for; empty: unknown."""
    built = []
    for package in package_set.packages:
        if not package_set.closed and package.sources and len(package.files) == 1 and "-abi3-" not in package.files[0]:
            wheel = IndexFile(filename=package.files[0], sha256=NOT_KNOWN)
            built.append(set(python_tag.served_pythons([wheel], structs.replace(Target(), platform=platform))))
        row = matrices.build(package.name, package.version or "", platform)
        if isinstance(row, Build):
            built.append(set(pythons(row) or ()))
    # A wheel for any python, or for another platform, tells nothing.
    return set.intersection(*filter(None, built)) if any(built) else set()


def _recorded_python(package_set: PackageSet, index: Index, target: Target, both: set[str]) -> str:
    """That of ``target`` where every pin of a list has a wheel for it, else the newest for which each has one.

    ``both`` are the pythons that may be taken; empty: any.
    """
    recorded = [one for package in package_set.packages for one in _recorded(package, index, target)]
    if all(target.python in one for one in recorded):
        return target.python
    every = set.intersection(*recorded)
    fitting = {one for one in every if meets(f"{one}.99", package_set.requires_python or "") and one in (both or every)}
    return max(fitting, key=Version, default=target.python)


def _recorded(package: Package, index: Index, target: Target) -> Iterator[set[str]]:
    """The pythons that the default index has wheels of a pin for, where it surely lacks no other for the target."""
    version = version_or_none(package.version)
    if version is None or not _is_of_default(package):
        return
    try:
        every = (one for one in index.releases(package.name) if is_of_default(one.index))
        releases = [one for one in every if version_or_none(one.version) == version]
        files = [file for release in releases for file in release.files]
        served = set(python_tag.served_pythons(files, target))
        is_for_any = any("-none-any.whl" in file.filename or "-abi3-" in file.filename for file in files)
        # The record may lack wheels of the very python that is assumed: then it tells nothing against that one.
        known = target.python in served or (served and index.covers(package.name, releases[0].version, target))
        if known and not is_for_any:
            yield served
    except (IndexUnavailable, ReleaseRefused):
        return


def _is_of_default(package: Package) -> bool:
    """Whether the default index surely serves a package; of a framework's builds rows tell."""
    if not package.from_index or package.url is not None or package.elsewhere is not None:
        return False
    return not package.sources or (any(map(is_default, package.sources)) and not has_flavours(package.name))
