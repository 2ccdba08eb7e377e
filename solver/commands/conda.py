"""The conda half of the pipeline: bases below a pip closure, and locks whose packages all come from conda."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from solver.commands.project import Project, snapshot_dir
from solver.core.errors import NotRecorded
from solver.core.model import Profile, PypiName, Solution
from solver.lock.environment import environment_yml
from solver.matrix.load import matrices_dir

if TYPE_CHECKING:
    from solver.index.conda import CondaSource
    from solver.index.conda_record import CondaRecord
    from solver.solve.conda.profile import CondaSolution


@dataclass(frozen=True)
class Base:
    """What the conda half adds to a pip lock."""

    files: dict[str, bytes]
    told: dict[str, Any]
    """For solution.yaml."""
    packages: int = 0


@dataclass(frozen=True)
class CondaFiles:
    """A whole conda lock before solution.yaml."""

    solution: Solution
    files: dict[str, bytes]
    rows: tuple[str, ...]
    told: dict[str, Any]
    packages: int


def source_for(project: Project, profile: Profile) -> CondaSource:
    """The channels of a profile: as recorded, or live where the project was opened so."""
    if project.live:
        from solver.index.conda import open_channels

        return open_channels(profile.channels)
    from solver.index.conda_snapshot import FOLDER, CondaSnapshot

    own = snapshot_dir(project.root)
    root = own if (own / FOLDER).is_dir() else matrices_dir() / "snapshot"
    return CondaSnapshot(root, profile.channels)


def beside_conda(project: Project, profile: Profile) -> Profile:
    """``profile``, whose pip closure keeps to the versions that conda's base can bring of the same packages."""
    if profile.flavour != "pip-in-conda" or not profile.python.startswith("==") or "*" in profile.python:
        return profile
    from solver.solve.conda.profile import base_offers

    python = profile.python.removeprefix("==")
    target = msgspec.structs.replace(profile.target, python=python)
    try:
        offers = base_offers(profile, python, target, source_for(project, profile), project.matrices)
    except NotRecorded:
        return profile
    kept = {str(name): " || ".join(f"=={version}" for version in versions) for name, versions in offers.items()}
    return msgspec.structs.replace(profile, constraints={**kept, **profile.constraints})


def base_environment(project: Project, profile: Profile, solution: Solution, lines: Sequence[str]) -> Base:
    """environment.yml of a pip-in-conda lock; nothing where the channels are not recorded for its platform."""
    from solver.solve.conda.profile import base_records

    pins: Mapping[PypiName, str] = {pin.name: pin.version for pin in solution.pins}
    python, source = solution.target.python, source_for(project, profile)
    try:
        records = base_records(
            profile,
            python,
            solution.target,
            source,
            project.matrices,
            pins=pins,
        )
    except NotRecorded as error:
        return Base({}, {"channels": list(profile.channels), "not_written": str(error)})
    text = environment_yml(profile, records, lines)
    return Base({"environment.yml": text.encode()}, _told(project, profile, solution, records), len(records))


def _told(project: Project, profile: Profile, solution: Solution, records: Sequence[CondaRecord]) -> dict[str, Any]:
    from solver.lock.conda_section import conda_section
    from solver.solve.conda.channels import virtual_packages

    virtual = virtual_packages(solution.target, project.matrices.drivers, profile.virtual_packages)
    section = conda_section(records, profile.channels, virtual)
    # What a status must show: nobody read these records from a channel itself.
    section["inferred"] = sum(record.inferred for record in records)
    return section


def solve_conda_profile(project: Project, profile: Profile) -> CondaSolution:
    """The preferred set of a conda profile; raises ``Unsolvable``."""
    from solver.solve.conda.profile import solve_conda

    source = source_for(project, profile)
    return solve_conda(profile, project.matrices, source)


def conda_lock_files(project: Project, profile: Profile) -> CondaFiles:
    """The files of a conda lock; raises ``Unsolvable`` where the channels hold no such set."""
    from solver.lock.condalock import conda_lock_yml
    from solver.lock.explicit import explicit, explicit_filename

    found = solve_conda_profile(project, profile)
    platform = found.solution.target.platform
    files = {
        "environment.yml": environment_yml(profile, found.records).encode(),
        explicit_filename(profile, platform): explicit(profile, found.records, platform).encode(),
        "conda-lock.yml": conda_lock_yml(profile, found.records, (), platform).encode(),
    }
    told = _told(project, profile, found.solution, found.records)
    return CondaFiles(found.solution, files, found.rows, told, len(found.records))
