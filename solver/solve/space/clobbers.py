"""Packages that cannot lie side by side: those that write the same files, and CUDA libraries of two majors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from solver.core.versions import within
from solver.matrix.load import Matrices
from solver.matrix.rows import Clobber, Library
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import AXIS_CUDA, Ask, Candidate, Kind, guard

Written = tuple[str, str, str, Clobber]
"""Own versions, the other package, its versions, and the row that compared them."""


def written_twice(matrices: Matrices) -> Mapping[str, tuple[Written, ...]]:
    """By package, the comparisons of wheels that found different bytes at one path.

    Pairs of which a rule of code "clobber" speaks are left to that rule, which covers more versions.
    """
    ruled = {
        frozenset((name, other))
        for rule in matrices.rules
        if rule.code == "clobber"
        for name in rule.when
        for other in rule.needs
    }
    by_package: dict[str, list[Written]] = defaultdict(list)
    for row in sorted(matrices.clobbers, key=lambda row: row.id):
        a, b = canonicalize_name(row.a), canonicalize_name(row.b)
        if row.different and frozenset((a, b)) not in ruled:
            by_package[a].append((row.versions_a, b, row.versions_b, row))
            by_package[b].append((row.versions_b, a, row.versions_a, row))
    return {name: tuple(some) for name, some in by_package.items()}


def clobber_asks(space: Candidates, candidate: Candidate, written: tuple[Written, ...]) -> Iterator[Ask]:
    """None of the versions that were seen to overwrite files of ``candidate`` beside it."""
    for own, other, versions, row in written:
        if within(candidate.version, own):
            everything = (1 << len(space.candidates(guard(other)))) - 1
            mask = everything & ~(space.mask(other, versions) << 1)
            text = f"no {other}{versions} beside it, which writes the same files"
            yield Ask(guard(other), mask, text, row.source, row.id, kind=Kind.NONE_OF)


def rows_by_distribution(matrices: Matrices) -> Mapping[str, tuple[Library, ...]]:
    """What the rows of CUDA libraries say of each distribution, the libraries that tie an axis first."""
    by_distribution: dict[str, list[Library]] = defaultdict(list)
    for row in sorted(matrices.libraries, key=lambda row: (row.library not in ("cudnn", "cudart", "nvcc"), row.id)):
        by_distribution[canonicalize_name(row.distribution)].append(row)
    return {name: tuple(rows) for name, rows in by_distribution.items()}


def library_row(rows: tuple[Library, ...], version: str) -> Library | None:
    """The row that tells of ``version``, or else of any; None where there is none."""
    mine = (row for row in rows if within(version, row.versions))
    return next(mine, rows[0] if rows else None)


def major_asks(space: Candidates, library: Library) -> Iterator[Ask]:
    """A sound set has one CUDA major: a library of another serves nothing in it, and may be loaded instead."""
    text = f"CUDA {library.cuda}, whose {library.library} it is"
    yield Ask(AXIS_CUDA, space.cuda_mask(str(library.cuda)), text, library.source, library.id)
