"""Which releases of a package lie nearer to the one that a set held than the one that was found instead."""

from __future__ import annotations

from bisect import bisect_left

from packaging.version import Version

from solver.audit.package_set import Package
from solver.core.errors import IndexUnavailable
from solver.core.indexes import is_partial
from solver.core.versions import version_or_none
from solver.index import Index


def nearer_versions(index: Index, before: Package, after: Package) -> list[str]:
    """Final releases of the default index, the nearest to ``before`` first; of two as near the newer one."""
    stated, chosen = version_or_none(before.version), version_or_none(after.version)
    if stated is None or chosen is None:
        return []
    versions = _final_versions(index, before)
    ordered = sorted(versions)
    place = bisect_left(ordered, stated)
    # The version before has a place of its own, be it one that nobody recorded.
    gap = stated not in versions

    def apart(version: Version) -> int:
        at = bisect_left(ordered, version)
        return at - place + (gap and version > stated)

    farthest = abs(apart(chosen))
    near = [one for one in ordered if 0 < abs(apart(one)) < farthest]
    return [versions[one] for one in sorted(near, key=lambda one: (abs(apart(one)), -apart(one)))]


def _final_versions(index: Index, package: Package) -> dict[Version, str]:
    try:
        releases = index.releases(package.name)
    except IndexUnavailable:
        return {}
    listed = (one for one in releases if not is_partial(one.index) and one.yanked is None)
    versions = {version: one.version for one in listed if (version := version_or_none(one.version)) is not None}
    return {version: text for version, text in versions.items() if not version.is_prerelease}
