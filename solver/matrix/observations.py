"""Which sets the rows of observations.yaml and verified.yaml are about: their one reading.

A row names packages at a version or within a specifier. It is about every set that surely has all of them so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import pypi_name
from solver.matrix.code import code_of
from solver.matrix.load import Matrices
from solver.matrix.rows import Observation, Verified
from solver.matrix.rules import Versions, admits

Sighting = TypeVar("Sighting", Observation, Verified)


def without_code(package: str, matrices: Matrices) -> str | None:
    """What was seen of a package on a GPU that its build has no code for, in words; None where nobody saw that."""
    rows = (row for row in matrices.observations if not row.works and _had_no_code(row, package, matrices))
    seen = next(rows, None)
    return None if seen is None else f"seen of {package} {seen.packages[package]} on {seen.gpu}: {seen.seen}"


def _had_no_code(row: Observation, package: str, matrices: Matrices) -> bool:
    version = row.packages.get(package)
    build = NOT_KNOWN if version is None else matrices.build(package, version, "linux-64")
    if isinstance(row.gpu, NotKnown) or isinstance(build, NotKnown):
        return False
    return code_of(build, row.gpu) == "none"


def working(matrices: Matrices) -> list[Observation]:
    """The sets that were seen to work, in the order of their file."""
    return [row for row in matrices.observations if row.works]


def failing(matrices: Matrices) -> list[Observation]:
    """The sets that were seen not to work, in the order of their file."""
    return [row for row in matrices.observations if not row.works]


def of_this(rows: Iterable[Sighting], versions: Versions, python: str | NotKnown) -> Iterator[Sighting]:
    """Those of ``rows`` that are about a set on a python (major.minor) on any GPU, in their order.

    ``versions`` are those of the packages by normalized name.
    """
    versions = {**versions, "python": python}
    return (row for row in rows if not _is_of_one_gpu(row) and is_of(_packages(row), versions))


def _packages(row: Observation | Verified) -> Mapping[str, str]:
    """What it names, python among it; of a lock that ran the packages hold it already."""
    if isinstance(row, Observation) and not isinstance(row.python, NotKnown):
        return {**row.packages, "python": row.python}
    return row.packages


def _is_of_one_gpu(row: Observation | Verified) -> bool:
    return isinstance(row, Observation) and isinstance(row.gpu, str)


def is_of(packages: Mapping[str, str], versions: Versions) -> bool:
    """Whether each of ``packages``, of which there must be some, is surely in the set at the version that it says."""
    return bool(packages) and all(
        pypi_name(name) in versions and admits(_specifier(text), versions[pypi_name(name)]) is Answer.YES
        for name, text in packages.items()
    )


def is_of_several_frameworks(row: Observation | Verified) -> bool:
    """Whether frameworks were together in what was seen."""
    return sum(name in row.packages for name in FRAMEWORKS) > 1


def _specifier(text: str) -> str:
    return f"=={text}" if text[:1].isdigit() else text
