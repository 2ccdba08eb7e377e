"""doctor: whether this machine can run the locks."""

from __future__ import annotations

import platform
from pathlib import Path

from solver.commands.project import open_project
from solver.core.machine import Machine, this_machine
from solver.core.model import Profile, Value
from solver.core.versions import version_or_none


class Fit(Value, frozen=True, kw_only=True):
    """What hinders one lock on a machine."""

    profile: str
    problems: tuple[str, ...]
    """A sentence each; empty: it can run."""


class Diagnosis(Value, frozen=True, kw_only=True):
    """What a machine has, beside what each lock needs."""

    machine: Machine
    glibc: str | None
    """None where the system has another C library, or does not say."""
    python: str
    """The running interpreter's, major.minor.patch; a lock brings its own."""
    fits: tuple[Fit, ...]

    @property
    def fine(self) -> bool:
        """Whether every lock can run."""
        return not any(fit.problems for fit in self.fits)


def diagnose(root: Path, name: str | None) -> Diagnosis:
    """This machine beside the profiles of the project in ``root``, or beside the one called ``name``.

    Raises ``BadInput`` where the request cannot be read or has no such profile.
    """
    project = open_project(root)
    profiles = project.chosen([name] if name else [])
    machine = this_machine()
    glibc = platform.libc_ver()[1] or None
    return Diagnosis(
        machine=machine,
        glibc=glibc,
        python=platform.python_version(),
        fits=tuple(fit_of(profile, machine, glibc) for profile in profiles),
    )


def fit_of(profile: Profile, machine: Machine, glibc: str | None) -> Fit:
    """What hinders the lock of ``profile`` on a machine with that glibc (None: not known, and no hindrance)."""
    target = profile.target
    problems = []
    if profile.cuda != "none" and profile.frameworks:
        capabilities = {gpu.capability for gpu in machine.gpus}
        if machine.driver is None:
            problems.append("no NVIDIA driver answers; the frameworks would run on the CPU")
        elif target.driver and _is_older(machine.driver, target.driver):
            problems.append(f"the driver is {machine.driver} and the lock needs {target.driver} or newer")
        if target.gpus and not capabilities & set(target.gpus):
            problems.append(f"no GPU here has compute capability {' or '.join(target.gpus)}")
    if glibc is not None and target.platform.startswith("linux") and _is_older(glibc, target.glibc):
        problems.append(f"glibc is {glibc} and the lock needs {target.glibc} or newer")
    return Fit(profile=profile.name, problems=tuple(problems))


def _is_older(version: str, needed: str) -> bool:
    """Whether a version is surely below another; one that cannot be read is not."""
    here, least = version_or_none(version), version_or_none(needed)
    return here is not None and least is not None and here < least
