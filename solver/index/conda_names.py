"""Which packages of conda's channels are projects of the default package index: the recorded names of both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from solver.core import reading
from solver.core.errors import BadInput
from solver.core.model import CondaName, PypiName, conda_name, pypi_name

FILE = "conda/conda-forge/names.txt"


def recorded_names(snapshot: Path) -> Mapping[CondaName, PypiName]:
    """The project that each package of conda-forge is, by its name, as the record in ``snapshot`` has it.

    What is not there is no project of the index, or nobody read whether it is one.
    """
    names: dict[CondaName, PypiName] = {}
    for number, line in enumerate(reading.read_text(snapshot / FILE).splitlines(), 1):
        words = line.split()
        if line.startswith("#"):
            continue
        if len(words) not in (1, 2):
            raise BadInput("expected a name, or two", file=f"{snapshot / FILE}:{number}", fix="record it anew")
        names[conda_name(words[0])] = pypi_name(words[-1])
    return names
