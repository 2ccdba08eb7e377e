"""explain of a published stack: its pins beside the lock, with the search of the profile's flavour."""

from __future__ import annotations

from packaging.version import Version

from solver.commands.conda import solve_conda_profile
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.commands.stack_report import StackLock, report
from solver.core.errors import IndexUnavailable, Unsolvable
from solver.core.explanation import Cause
from solver.core.flavours import FLAVOURS
from solver.core.model import Profile, PypiName
from solver.index import Index
from solver.matrix.names import Names


def explain_stack(project: Project, profile: Profile) -> list[str]:
    """What the lock of ``profile`` makes of its stack, pin by pin; raises ``Unsolvable`` where there is no lock."""
    lock = _lock(project, profile)

    def causes(literal: Profile) -> tuple[Cause, ...]:
        try:
            solve_profile(project, literal)
        except Unsolvable as error:
            return error.explanation.causes
        return ()

    # The index is that of pip's packages; nobody asks it about a channel's.
    newest = (lambda name: _newest(project.index, name)) if FLAVOURS[profile.flavour].from_pip else None
    return report(lock, causes, newest)


def _lock(project: Project, profile: Profile) -> StackLock:
    if FLAVOURS[profile.flavour].from_pip:
        solution = solve_profile(project, profile)
        return StackLock(profile, solution, {pin.name: pin.version for pin in solution.pins}, project.matrices)
    conda = solve_conda_profile(project, profile)
    packages = Names(project.matrices).by_pypi({record.name: record.version for record in conda.records})
    return StackLock(profile, conda.solution, packages, project.matrices)


def _newest(index: Index, name: str) -> str | None:
    """The newest final release that the index knows and that was not yanked; None where it knows none."""
    try:
        releases = index.releases(PypiName(name))
    except IndexUnavailable:
        return None
    versions = [Version(release.version) for release in releases if release.yanked is None]
    final = [version for version in versions if not version.is_prerelease]
    return str(max(final)) if final else None
