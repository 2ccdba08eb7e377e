"""Explains the stack of a profile with the search of the profile's flavour."""

from __future__ import annotations

from collections.abc import Callable

from packaging.version import Version

from solver.commands.conda import solve_conda_profile
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.commands.stack import Held, stack_lines
from solver.core.errors import IndexUnavailable, Unsolvable
from solver.core.model import Cause, Profile, PypiName
from solver.matrix.names import Names


def explained(project: Project, profile: Profile) -> list[str]:
    """What the lock of ``profile`` makes of its stack, pin by pin; raises ``Unsolvable`` where there is no lock."""
    if profile.flavour == "conda":
        return _conda(project, profile)
    solution = solve_profile(project, profile)
    packages = {str(pin.name): pin.version for pin in solution.pins}

    def newest(name: str) -> str | None:
        try:
            releases = project.index.releases(PypiName(name))
        except IndexUnavailable:
            return None
        final = [Version(one.version) for one in releases if one.yanked is None]
        return str(max((one for one in final if not one.is_prerelease), default=None)) if final else None

    held = Held(profile, solution, packages, project.matrices)
    return stack_lines(held, lambda asked: _refused(lambda: solve_profile(project, asked)), newest)


def _conda(project: Project, profile: Profile) -> list[str]:
    found = solve_conda_profile(project, profile)
    packages = Names(project.matrices).by_pypi({record.name: record.version for record in found.records})
    held = Held(profile, found.solution, packages, project.matrices)
    return stack_lines(held, lambda asked: _refused(lambda: solve_conda_profile(project, asked)), lambda _: None)


def _refused(search: Callable[[], object]) -> tuple[Cause, ...]:
    try:
        search()
    except Unsolvable as error:
        return error.explanation.causes
    return ()
