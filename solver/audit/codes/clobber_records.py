"""``clobber`` by the RECORDs of the wheels on the index, where a reader for them was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from solver.audit.codes.clobber_pair import Statement, pair_finding, shared_paths
from solver.audit.context import AuditContext, RecordReader
from solver.audit.package_set import Package
from solver.core.errors import IndexUnavailable
from solver.core.target import usable_files

_SOURCE = "the RECORD of both wheels"


def compared_records(context: AuditContext) -> Iterator[Statement]:
    """Each pair of packages whose wheels for the target write a common path."""
    if context.record_of is None or context.set.prefix is not None:
        return  # What is installed tells by its own RECORDs what it wrote.
    read = [(package, _record(context, package, context.record_of)) for package in context.set.packages]
    wheels = {package.name: (package, record) for package, record in read if record}
    for (a, b), paths in shared_paths((name, record) for name, (_, record) in wheels.items()).items():
        (first, record_a), (second, record_b) = wheels[a], wheels[b]
        different = sorted(path for path in paths if record_a[path] != record_b[path])
        what = f"write {len(paths)} common paths, {len(different)} of them with different bytes"
        finding = pair_finding(context, first, second, what, _SOURCE, different) if different else None
        yield Statement(frozenset((a, b)), finding)


def _record(context: AuditContext, package: Package, record_of: RecordReader) -> Mapping[str, str]:
    """path -> sha256 (hex) of the wheel that the target would take; empty where nobody can read it."""
    for release in context.listed_releases(package):
        files = usable_files(release.files, context.target)
        if files:
            try:
                return record_of(files[0])
            except IndexUnavailable:
                return {}
    return {}
