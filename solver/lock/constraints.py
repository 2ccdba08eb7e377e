"""constraints.txt: the versions of a lock, to keep further installations from changing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from solver.core.model import Profile
from solver.core.writers import comment, requirement_line
from solver.index.conda_record import CondaRecord, in_order
from solver.lock.environment import pypi_twin


def constraints_txt(
    profile: Profile,
    pins: Mapping[str, str],
    records: Iterable[CondaRecord] = (),
    conda_to_pypi: Mapping[str, str | None] | None = None,
) -> str:
    """``name==version`` a line, sorted: the pip half, and the python packages of the conda half.

    ``pins`` maps PyPI names to versions; ``conda_to_pypi`` holds the names that differ.
    """
    found = {
        twin: record.version
        for record in in_order(records)
        if _holds_python(record) and (twin := pypi_twin(record.name, conda_to_pypi or {})) is not None
    }
    found |= pins
    head = [
        comment(f"Made by `interlock export constraints.txt {profile.name}`; do not edit."),
        comment(f"Use: pip install --constraint constraints.txt …, inside an environment of {profile.name}."),
    ]
    return "\n".join([*head, *(requirement_line(name, version=found[name]) for name in sorted(found))]) + "\n"


def _holds_python(record: CondaRecord) -> bool:
    if record.name == "python" or record.noarch is not None:
        return record.noarch == "python"
    return any(spec.split()[0] == "python" for spec in record.depends)
