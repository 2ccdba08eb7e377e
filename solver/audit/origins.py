"""Where the packages of a set come from, and thereby which build a version without a local part is.

What is known of the default index is about its own files. A file of another origin counts as one of them
only where its name or its hash is among theirs.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs
from packaging.version import Version

from solver.audit.package_set import Package, PackageSet
from solver.core.errors import IndexUnavailable
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, RUNTIMES, framework_of
from solver.core.indexes import CPU_FLAVOUR, flavour_of, index_of, is_default, is_flavoured, is_of_default, known_index
from solver.core.model import Release, Target
from solver.core.names import url_parts
from solver.core.versions import version_or_none
from solver.index import Index
from solver.matrix.load import Matrices


def settled(package_set: PackageSet, matrices: Matrices, index: Index, target: Target | None = None) -> PackageSet:
    """``package_set`` with the builds that its indexes have: what another index may serve has ``elsewhere``."""
    packages = tuple(settled_package(package, matrices, index, target or Target()) for package in package_set.packages)
    return package_set if packages == package_set.packages else structs.replace(package_set, packages=packages)


def settled_package(package: Package, matrices: Matrices, index: Index, target: Target) -> Package:
    """``package`` with the build that its indexes have, as in ``settled``."""
    package = _spelt_as_in_rows(package, matrices)
    version = version_or_none(package.version)
    if not package.from_index or version is None or version.local or not any(package.sources):
        return package
    if package.files or package.hashes:
        return _by_files(package, index, target)
    return _by_sources(package, version, matrices)


def _spelt_as_in_rows(package: Package, matrices: Matrices) -> Package:
    """A package with its version as rows spell it: 2.6 is 2.6.0."""
    version = version_or_none(package.version)
    if not package.from_index or version is None or len(version.release) > 2:
        return package
    releases = {row.version.partition("+")[0] for row in matrices.builds_of(package.name) if row.version}
    equal = next((one for one in releases if version_or_none(one) == Version(version.public)), None)
    if equal is None or equal == version.public:
        return package
    return structs.replace(package, version=equal + (f"+{version.local}" if version.local else ""))


def _by_sources(package: Package, version: Version, matrices: Matrices) -> Package:
    """A package of which the set names indexes, and no file."""
    default = any(is_default(source) for source in package.sources)
    flavoured = [source for source in package.sources if is_flavoured(source)]
    if flavoured and has_flavours(package.name):
        return _of_flavours(package, version, flavoured, matrices, default=default)
    foreign = [source for source in package.sources if not is_default(source) and index_of(source) is None]
    # An index beside the default one is named for the sake of what has GPU code.
    may_hold_code = package.name in COMPANIONS or package.name in RUNTIMES or bool(matrices.builds_of(package.name))
    if foreign and (not default or may_hold_code):
        return structs.replace(package, elsewhere=_host(foreign[0]))
    return package


def has_flavours(name: str) -> bool:
    """Whether the PyTorch index has a build of it for each CUDA and for the CPU, as of a framework's companions."""
    framework = COMPANIONS.get(name, framework_of(name))
    return framework is not None and FRAMEWORKS[framework].local_builds


def _of_flavours(
    package: Package, version: Version, sources: Iterable[str], matrices: Matrices, *, default: bool
) -> Package:
    """The build of a flavour that an index serves; its version is higher, so pip takes it before the default one's."""
    first = next(iter(sources))
    index, flavours = known_index(first), [flavour_of(source) for source in sources]
    locals_ = [flavour for flavour in flavours if flavour is not None]
    if len(locals_) < len(flavours):  # a page that lists every flavour
        return structs.replace(package, index=index, elsewhere=_host(first))
    builds = {f"{version}+{local}" for local in locals_}
    rows = {row.version for row in matrices.builds_of(package.name) if row.version}
    recorded = {row for row in rows if row.startswith(f"{version}+")}
    # Beside the default index a flavour that has no such release leaves it to that one.
    leaves = default and recorded and CPU_FLAVOUR not in locals_
    existing = builds & recorded if leaves else builds
    if not existing:
        return package
    return structs.replace(package, version=max(existing, key=Version), index=index)


def _by_files(package: Package, index: Index, target: Target) -> Package:
    """A package whose files the set names: the default index's where one of them is known, as far as it is recorded."""
    releases = [release for release in _releases(package, index) if is_of_default(release.index)]
    files = [file for release in releases for file in release.files]
    if not files or package.index is not None:
        return package
    is_known = any(file.sha256 in package.hashes or file.filename in package.files for file in files)
    # A record that lacks wheels for the target proves nothing about one that it does not hold.
    if is_known or not all(index.covers(package.name, release.version, target) for release in releases):
        return package
    # Asked last, of the few whose files are not known: whoever knows the default index's address is slow to import.
    if any(is_default(source) for source in package.sources):
        return package
    return structs.replace(package, elsewhere=_host(package.sources[0]))


def _releases(package: Package, index: Index) -> tuple[Release, ...]:
    try:
        every = index.releases(package.name)
    except IndexUnavailable:
        return ()
    version = version_or_none(package.version)
    return tuple(release for release in every if version_or_none(release.version) == version)


def _host(source: str) -> str:
    return url_parts(source).hostname or source
