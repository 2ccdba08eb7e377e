"""constraints.txt: the versions of a lock, to keep further installations from changing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.core.model import Profile
from solver.core.writers import comment, requirement_line
from solver.index.conda_record import CondaRecord, in_order
from solver.matrix.load import Matrices
from solver.matrix.names import Names


def constraints_txt(
    profile: Profile,
    pins: Mapping[str, str],
    records: Iterable[CondaRecord] = (),
    names: Names | None = None,
) -> str:
    """``name==version`` a line, sorted: the pip half, and the python packages of the conda half.

    ``pins`` maps PyPI names to versions; ``names`` are those of the matrices, by default none that differ.
    """
    by_conda_name = {record.name: record.version for record in in_order(records) if _is_for_pip(record)}
    versions = {**(names or Names(Matrices())).by_pypi(by_conda_name), **pins}
    head = [
        comment(f"Made by `interlock export constraints.txt {profile.name}`; do not edit."),
        comment(f"Use: pip install --constraint constraints.txt …, inside an environment of {profile.name}."),
    ]
    return "\n".join([*head, *(requirement_line(name, version=versions[name]) for name in sorted(versions))]) + "\n"


def _is_for_pip(record: CondaRecord) -> bool:
    return record.name != "python" and record.is_of_python
