"""A profile closed: its solution with every record that conda installs, and the rows that had a say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from solver.commands.conda import base_half, section_of, solve_conda_profile, unread_channels, unrecorded_base
from solver.commands.freshness import rows_used
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.core.model import Flavour, Profile, Solution
from solver.index.conda_record import CondaRecord
from solver.lock.conda_section import CondaSection


@dataclass(frozen=True)
class Closure:
    """Everything that a lock installs, before a line of it is written."""

    solution: Solution
    records: tuple[CondaRecord, ...]
    """The conda half; empty where the channels are not recorded for the platform."""
    conda: CondaSection
    """What solution.yaml says of the conda half."""
    rows: Mapping[str, str]
    """Id and digest of every matrix row that had a say."""
    unrecorded: tuple[str, ...] = ()
    """In place of ``records`` where the channels are not recorded: what conda is asked for, as MatchSpecs."""


def close(project: Project, profile: Profile) -> Closure:
    """The preferred solution of ``profile`` with its conda half; raises ``Unsolvable``, ``BadInput``."""
    return CLOSE[profile.flavour](project, profile)


def _pip_in_conda(project: Project, profile: Profile) -> Closure:
    solution = solve_profile(project, profile)
    records, section = base_half(project, profile, solution)
    unrecorded = () if records else unrecorded_base(project, profile, solution.target)
    return Closure(solution, records, section, rows_used(project.matrices, solution), unrecorded)


def _pip(project: Project, profile: Profile) -> Closure:
    solution = solve_profile(project, profile)
    return Closure(solution, (), CondaSection(channels=()), rows_used(project.matrices, solution))


def _conda(project: Project, profile: Profile) -> Closure:
    made = solve_conda_profile(project, profile)
    rows = {row: project.matrices.digest(row) for row in made.rows}
    section = section_of(project, profile, made.solution, made.records, unread_channels(project, profile))
    return Closure(made.solution, made.records, section, rows)


CLOSE: Mapping[Flavour, Callable[[Project, Profile], Closure]] = {
    "pip-in-conda": _pip_in_conda,
    "conda": _conda,
    "pip": _pip,
}
