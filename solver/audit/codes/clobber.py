"""``clobber``: two distributions write the same path with different bytes.

Told by rows of compared wheels, by where CUDA libraries lie, and, where wheels'
RECORDs can be read, by these. An installed prefix is compared file by file in
``clobber_prefix``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from solver.audit.codes.clobber_prefix import installed_twice
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.rules import as_finding, breaches
from solver.audit.words import listed
from solver.core.errors import IndexUnavailable
from solver.core.model import Finding, PypiName
from solver.core.target import usable_files
from solver.core.versions import meets
from solver.matrix.rows import Clobber

CODE = "clobber"
_SHOWN = 12


def find(context: AuditContext) -> Iterator[Finding]:
    """Each pair that overwrites each other's files, once, by the best witness at hand."""
    told: set[frozenset[str]] = set()
    for pair, finding in _all(context):
        if pair not in told:
            told.add(pair)
            if finding is not None:
                yield finding
    for breach in breaches(context, CODE):
        if not breach.pairs or breach.pairs - told:
            yield as_finding(context, breach)


def _all(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    if context.set.prefix is not None:
        yield from installed_twice(context)
    yield from _compared_now(context)
    yield from _compared_before(context)
    yield from _same_place(context)
    yield from _conda_and_pip(context)


def _compared_before(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    rows: dict[tuple[Package, Package], list[Clobber]] = {}
    for row in context.matrices.clobbers:
        first, second = context.package(row.a), context.package(row.b)
        if first is not None and second is not None and first is not second:
            rows.setdefault((first, second), []).append(row)
    for (first, second), found in rows.items():
        exact = [row for row in found if _is_of(row, first, second)]
        clobbering = [row for row in exact or found if row.different]
        if not exact and _lie_apart(context, first, second):
            continue
        finding = _from_rows(context, first, second, clobbering, bool(exact), found) if clobbering else None
        yield frozenset((first.name, second.name)), finding


def _lie_apart(context: AuditContext, first: Package, second: Package) -> bool:
    """Whether rows tell where both put their libraries, and that is not the same folder."""
    folders = [
        {item.library.directory for item in context.provided if item.package is package} for package in (first, second)
    ]
    return all(folders) and not folders[0] & folders[1]


def _is_of(row: Clobber, first: Package, second: Package) -> bool:
    if first.version is None or second.version is None:
        return False
    return meets(first.version, row.versions_a) and meets(second.version, row.versions_b)


def _from_rows(
    context: AuditContext, first: Package, second: Package, rows: list[Clobber], exact: bool, known: list[Clobber]
) -> Finding:
    row = rows[0]
    if exact:
        what = f"write {row.shared} common paths, {row.different} of them with different bytes"
    else:
        often = "every pair" if len(rows) == len(known) else f"{len(rows)} of the {len(known)} pairs"
        what = (
            f"write the same paths with different bytes in {often} of versions that was compared; "
            "these two versions were not"
        )
    return _finding(context, first, second, what, row.source, row.paths, sure=exact or len(rows) == len(known))


def _same_place(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    """Two distributions whose rows put a library of the same name into the same folder."""
    held: dict[str, Provided] = {}
    for item in context.provided:
        for soname in item.library.sonames:
            path = f"{item.library.directory}/{soname}"
            other = held.setdefault(path, item)
            if other.package.name != item.package.name:
                yield (
                    frozenset((other.package.name, item.package.name)),
                    _finding(
                        context,
                        other.package,
                        item.package,
                        f"both write {path}",
                        item.library.source,
                        (path,),
                    ),
                )


def _compared_now(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    """By the RECORDs of the wheels, where a reader for them was given."""
    if context.record_of is None or context.set.prefix is not None:
        return
    records = {p.name: (p, record) for p in context.set.packages if (record := _record(context, p))}
    writers: dict[str, list[PypiName]] = {}
    for name, (_, record) in records.items():
        for path in record:
            writers.setdefault(path, []).append(name)
    shared: dict[tuple[PypiName, PypiName], list[str]] = {}
    for path, names in writers.items():
        for number, a in enumerate(names):
            for b in names[number + 1 :]:
                shared.setdefault((a, b), []).append(path)
    for (a, b), paths in shared.items():
        (first, record_a), (second, record_b) = records[a], records[b]
        different = sorted(path for path in paths if record_a[path] != record_b[path])
        what = f"write {len(paths)} common paths, {len(different)} of them with different bytes"
        source = "the RECORD of both wheels"
        finding = _finding(context, first, second, what, source, tuple(different)) if different else None
        yield frozenset((a, b)), finding


def _record(context: AuditContext, package: Package) -> Mapping[str, str] | None:
    assert context.record_of is not None
    for release in context.releases(package):
        files = usable_files(release.files, context.target)
        if files:
            try:
                return context.record_of(files[0])
            except IndexUnavailable:
                return None
    return None


def _conda_and_pip(context: AuditContext) -> Iterator[tuple[frozenset[PypiName], Finding | None]]:
    """One project from conda and from pip: pip overwrites the files that conda recorded."""
    pypi = {package.name: package for package in context.set.packages if package.origin == "pypi"}
    for package in context.set.packages:
        name = context.pypi_name_of(package)
        twin = pypi.get(name) if name is not None else None
        # A conda package that is no python package may share its name with one on PyPI.
        is_python = package.build is None or "py" in package.build
        if package.origin != "conda" or twin is None or not is_python:
            continue
        if twin.version is not None and twin.version == package.version:
            continue  # pip finds it there and leaves conda's files alone
        yield (
            frozenset((package.name, PypiName(f"{twin.name} by pip"))),
            finding_about(
                (package, twin),
                code=CODE,
                severity="warning",
                why=(
                    f"conda installs {package.conda} {package.version or ''}".rstrip()
                    + f" and pip installs {twin.name} {twin.version or ''}".rstrip()
                    + " over it; conda goes on believing in its own files"
                ),
                source="pip installs after conda in an environment.yml",
                cure=f"take {twin.name} from one of the two only",
            ),
        )


def _finding(
    context: AuditContext,
    first: Package,
    second: Package,
    what: str,
    source: str,
    paths: tuple[str, ...],
    sure: bool = True,
) -> Finding:
    more = len(paths) - _SHOWN
    return finding_about(
        (first, second),
        code=CODE,
        severity="error" if sure else "warning",
        why=f"{first.name} and {second.name} {what}; {_winner(context, first, second)}",
        source=source,
        cure=_cure(context, first, second),
        paths=(*paths[:_SHOWN], *([f"and {more} more"] if more > 0 else [])),
    )


def _winner(context: AuditContext, first: Package, second: Package) -> str:
    if not context.set.ordered:
        return "the one that is installed last wins, and nothing here tells which that is"
    order = [package.name for package in context.set.packages]
    last = max((first, second), key=lambda package: order.index(package.name))
    return f"{last.name} is installed last and wins"


def _cure(context: AuditContext, first: Package, second: Package) -> str:
    cuda = {p.package.name: p.library.cuda for p in context.provided}
    majors = sorted({cuda[package.name] for package in (first, second) if package.name in cuda})
    if len(majors) > 1:
        builds = [build.pin for build in context.builds if build.major in majors]
        of = f" ({listed(sorted(builds))})" if builds else ""
        return f"choose frameworks that are built for one CUDA major{of}, then one of the two goes"
    return f"keep one of {first.name} and {second.name}"
