"""Reads the constraints.txt that a lock is exported to: its comments say what is conda's, so that it is a whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers import conda_packages
from solver.audit.readers.requirements import once, read_requirements
from solver.core.errors import BadInput
from solver.core.lines import CONDA_BUILD, OF_CONDA
from solver.core.names import shown

MADE = "# Made by `interlock export constraints.txt "
"""How such a file begins, maybe after what it accepts."""
_HEAD = 20
"""Lines."""


def is_bounds(text: str) -> bool:
    """Whether ``text`` is such a file."""
    return any(line.startswith(MADE) for line in text.splitlines()[:_HEAD])


def read_bounds(text: str, file: str, environment: Mapping[str, str]) -> PackageSet:
    """What the lock installs; raises ``BadInput`` naming file and line of what cannot be read."""
    lines = text.splitlines()
    by_pip = ["" if line.endswith(OF_CONDA) else line for line in lines]
    by_name = read_requirements("\n".join(by_pip), file, environment)
    conda = list(_builds(lines, file))
    return structs.replace(
        by_name,
        kind="environment" if conda else by_name.kind,
        packages=once([*conda, *by_name.packages], file),
        python=conda_packages.python_among(conda) or by_name.python,
        # Nothing is missing from it: a lock was closed when it was made.
        closed=True,
    )


def _builds(lines: list[str], file: str) -> Iterator[Package]:
    start = f"# {CONDA_BUILD}"
    for number, line in enumerate(lines, 1):
        if not line.startswith(start):
            continue
        package = conda_packages.from_spec(line.removeprefix(start), number)
        if package is None:
            problem = f"expected a build such as numpy=2.2=py312_0, found {shown(line.removeprefix(start))}"
            raise BadInput(problem, file=file, line=number, fix="export the file anew")
        yield package
