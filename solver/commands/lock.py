"""A lock made: the straight page from a profile to the files of its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.commands.conda import base_environment, conda_lock_files
from solver.commands.freshness import index_facts, rows_used
from solver.commands.gate import audit_conda, audit_solution
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.core.errors import NoSolution
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Finding, Profile, Solution
from solver.core.whole import write_folder
from solver.lock.environment import sharing_variables
from solver.lock.loader.local import local_wheels
from solver.lock.loader.sharing import ACTIVATION, activation_script
from solver.lock.requirements import LocalWheel, requirement_lines, requirements_txt
from solver.lock.solution import FILE as SOLUTION_FILE
from solver.lock.solution import installable_digest, solution_yaml


@dataclass(frozen=True)
class Lock:
    """One profile's lock, made and not yet written."""

    profile: Profile
    solution: Solution
    files: dict[str, bytes]
    """By POSIX name below locks/<profile>."""
    wheels: tuple[LocalWheel, ...]
    conda_packages: int = 0
    """Packages of the conda half."""


def command_for(profile: Profile) -> str:
    """The one command that makes a profile's lock."""
    return f"interlock lock {profile.name}"


def make_lock(project: Project, profile: Profile) -> Lock:
    """Search, close, audit and render one profile; nothing is written.

    Raises ``Unsolvable``, ``NoSolution`` where something in it was never read, ``CheckFailed`` where
    the audit finds an error, ``BadInput``.
    """
    if profile.flavour == "conda":
        return _make_conda_lock(project, profile)
    solution = solve_profile(project, profile)
    if not solution.lockable:
        missing = "; ".join(solution.missing)
        raise NoSolution(f"{profile.name} is solvable, not lockable here, since nobody read {missing}")
    wheels = tuple(local_wheels(project.matrices, profile, solution))
    lines = requirement_lines(solution, wheels)
    command = command_for(profile)
    files = {"requirements.txt": requirements_txt(solution, lines, command).encode()}
    files |= {f"wheels/{wheel.filename}": wheel.content for wheel in wheels}
    if profile.gpu_sharing is not None:
        files[ACTIVATION] = activation_script(sharing_variables(profile)).encode()
    base = base_environment(project, profile, solution, lines)
    files |= base.files
    warnings = audit_solution(project, solution, wheels)
    files[SOLUTION_FILE] = _solution_file(project, profile, solution, files, warnings, base.told).encode()
    return Lock(profile, solution, files, wheels, base.packages)


def _make_conda_lock(project: Project, profile: Profile) -> Lock:
    made = conda_lock_files(project, profile)
    files = dict(made.files)
    warnings = audit_conda(project, profile.name, made.solution.target, files["conda-lock.yml"].decode())
    text = solution_yaml(
        made.solution,
        profile,
        lock_digest=installable_digest(files),
        rows={row: project.matrices.digest(row) for row in made.rows},
        index_facts={},
        command=command_for(profile),
        warnings=warnings,
        conda=made.told,
    )
    return Lock(profile, made.solution, {**files, SOLUTION_FILE: text.encode()}, (), made.packages)


def _solution_file(
    project: Project,
    profile: Profile,
    solution: Solution,
    files: Mapping[str, bytes],
    warnings: Sequence[Finding],
    conda: Mapping[str, object] | None = None,
) -> str:
    return solution_yaml(
        solution,
        profile,
        lock_digest=installable_digest(files),
        rows=rows_used(project.matrices, solution),
        index_facts=index_facts(project, solution),
        command=command_for(profile),
        warnings=warnings,
        conda=conda,
    )


def write_lock(project: Project, lock: Lock) -> bool:
    """Put the lock's folder in place, whole; evidence stays. Returns whether anything changed."""
    return write_folder(project.locks / lock.profile.name, lock.files, keep=("evidence/",), derived=("pylock.toml",))


def summary(lock: Lock) -> str:
    """One line on what a lock holds."""
    axes = lock.solution.axes
    chosen = [f"{axis} {axes[axis]}" for axis in (*FRAMEWORKS, "python", "cuda", "cudnn") if axes[axis]]
    halves = [(len(lock.solution.pins), "by pip"), (lock.conda_packages, "by conda")]
    return f"{', '.join(chosen)}; " + ", ".join(f"{count} packages {how}" for count, how in halves if count)
