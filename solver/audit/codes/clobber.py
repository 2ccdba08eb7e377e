"""``clobber``: two distributions write the same path with different bytes.

Told by rows of compared wheels and of where CUDA libraries lie, by what conda and pip
both bring; ``clobber_records`` compares wheels on the index, ``clobber_prefix`` what is installed.
"""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.codes import clobber_pair
from solver.audit.codes.clobber_pair import Statement, pair_finding
from solver.audit.codes.clobber_prefix import installed_twice
from solver.audit.codes.clobber_records import compared_records
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.rules import as_finding, breaches
from solver.audit.set_kinds import KINDS
from solver.core.answer import Answer
from solver.core.model import Finding, PypiName
from solver.matrix.clobbers import Clobbers, Overlap

CODE = clobber_pair.CODE


def find(context: AuditContext) -> Iterator[Finding]:
    """Each pair that overwrites each other's files, once, by the best witness at hand."""
    compared: set[frozenset[PypiName]] = set()
    for comparison in _statements(context):
        # The first witness of a pair is heard, also where it says that nothing is wrong.
        if comparison.pair not in compared:
            compared.add(comparison.pair)
            if comparison.finding is not None:
                yield comparison.finding
    for breach in breaches(context, CODE):
        # A rule about no pair, or about some pair that nobody compared.
        if not breach.pairs or breach.pairs - compared:
            yield as_finding(context, breach)


def _statements(context: AuditContext) -> Iterator[Statement]:
    """Best witness first: files on the disk, the RECORDs of these wheels, rows."""
    if context.set.prefix is not None:
        yield from installed_twice(context)
    yield from compared_records(context)
    yield from _told_by_rows(context)
    yield from _conda_and_pip(context)


def _told_by_rows(context: AuditContext) -> Iterator[Statement]:
    """By rows of these very versions where there are some, else of other versions and of where libraries lie."""
    clobbers = Clobbers(context.matrices)
    for a, b in clobbers.pairs_in(context.packages):
        first, second = context.packages[PypiName(a)], context.packages[PypiName(b)]
        overlap = clobbers.between(a, context.stated[a], b, context.stated[b])
        if first is not second and (overlap.rows or overlap.library is not None):
            yield Statement(frozenset((first.name, second.name)), _overlapping(context, first, second, overlap))


def _overlapping(context: AuditContext, first: Package, second: Package, overlap: Overlap) -> Finding | None:
    if overlap.answer is Answer.NO:
        return None
    if overlap.library is not None:
        path, source = overlap.paths[0], overlap.library.source
        return pair_finding(context, first, second, f"both write {path}", source, overlap.paths)
    row = overlap.clobbering[0]
    besides: list[str] = []
    what = f"write {row.shared} common paths, {row.different} of them with different bytes"
    if not overlap.compared:
        times, of = len(overlap.clobbering), len(overlap.rows)
        often = "every pair" if times == of else f"{times} of the {of} pairs"
        what = f"write the same paths with different bytes in {often} of versions that was compared"
        besides = ["these versions were not"]
    sure = overlap.answer is Answer.YES
    return pair_finding(context, first, second, what, row.source, overlap.paths, sure=sure, besides=besides)


def _conda_and_pip(context: AuditContext) -> Iterator[Statement]:
    """One project from conda and from pip: pip overwrites the files that conda recorded."""
    by_pip = {package.name: package for package in context.set.packages if package.from_index}
    for package in context.set.packages:
        name = context.pypi_name_of(package)
        twin = by_pip.get(name) if name is not None else None
        if not package.from_conda or twin is None or not _is_python_package(package):
            continue
        if twin.version is not None and twin.version == package.version:
            continue  # pip finds it there and leaves conda's files alone
        yield Statement(frozenset((package.name, twin.name)), _twins(context, package, twin))


def _is_python_package(package: Package) -> bool:
    """A conda package that is none may share its name with one on PyPI; without a build nobody can tell."""
    return package.build is None or "py" in package.build


def _twins(context: AuditContext, package: Package, twin: Package) -> Finding:
    kind = KINDS[context.set.kind]
    by_conda = f"conda installs {package.conda} {package.version or ''}".rstrip()
    by_pip = f"pip installs {twin.name} {twin.version or ''}".rstrip()
    return finding_about(
        (package, twin),
        code=CODE,
        severity="warning",
        why=f"{by_conda} and {by_pip} over it; conda goes on believing in its own files",
        source="pip installs after conda in an environment.yml"
        if kind.pip_after_conda
        else "the set itself, which holds both",
        cure=f"take {twin.name} from one of the two only"
        + (f": {_back_to_conda(package, twin)}" if kind.is_installed else ""),
    )


def _back_to_conda(package: Package, twin: Package) -> str:
    """How conda's files are put back where both were installed."""
    pin = f"{package.conda}={package.version}" if package.version else package.conda
    return (
        f"`pip uninstall {twin.name}`, then `conda install --force-reinstall {pin}` puts back what that takes with it"
    )
