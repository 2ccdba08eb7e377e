"""constraints.txt: the versions of a lock, to keep further installations from changing them.

Its comments hold what an audit needs beyond: which of the versions are conda's, and each build of conda.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from solver.core.lines import CONDA_BUILD, OF_CONDA
from solver.core.model import Profile
from solver.core.writers import comment, requirement_line
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.matrix.load import Matrices
from solver.matrix.names import Names


def constraints_txt(
    profile: Profile,
    pins: Mapping[str, str],
    records: Iterable[CondaRecord] = (),
    names: Names | None = None,
    about: Sequence[str] = (),
) -> str:
    """``name==version`` a line, sorted: the pip half, and the python packages of the conda half.

    ``pins`` maps PyPI names to versions; ``names`` are those of the matrices, by default none that differ; ``about``
    are comment lines on what the lock is for.
    """
    records = by_name_and_build(records)
    by_conda_name = {record.name: record.version for record in records if _is_for_pip(record)}
    of_conda = (names or Names(Matrices())).by_pypi(by_conda_name)
    lines = {name: requirement_line(name, version=version) + OF_CONDA for name, version in of_conda.items()}
    lines |= {name: requirement_line(name, version=version) for name, version in pins.items()}
    head = [
        comment(f"Made by `interlock export constraints.txt {profile.name}`; do not edit."),
        *about,
        comment(f"Use: pip install --constraint constraints.txt …, inside an environment of {profile.name}."),
    ]
    builds = (comment(f"{CONDA_BUILD}{record.pin}") for record in records)
    return "\n".join([*head, *(lines[name] for name in sorted(lines)), *builds]) + "\n"


def _is_for_pip(record: CondaRecord) -> bool:
    return record.name != "python" and record.is_of_python
