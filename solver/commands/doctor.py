"""doctor: whether this machine can run the locks."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from solver.commands.predict import foretold
from solver.commands.project import REQUEST_FILE, Project, open_project, project_root
from solver.commands.subject import as_subject
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.machine import Machine, this_machine
from solver.core.model import Platform, Processor, Profile, Target, Value
from solver.core.processor import number, this_processor
from solver.core.spelling import command
from solver.core.target import PLATFORM_NAMES
from solver.core.versions import version_or_none
from solver.lock.folder import is_lock, read_folder
from solver.matrix.rows import NONE


class Fit(Value, frozen=True, kw_only=True):
    """What hinders one lock on a machine."""

    profile: str
    problems: tuple[str, ...]
    """A sentence each; empty: it can run."""


class Here(Value, frozen=True, kw_only=True):
    """What a machine is and has, as far as it tells."""

    machine: Machine
    glibc: str | NotKnown | None = NOT_KNOWN
    """NOT_KNOWN where the system does not say; None: it has another C library, or none of that kind."""
    platform: Platform | NotKnown = NOT_KNOWN
    cpu: Processor | NotKnown = NOT_KNOWN


class Diagnosis(Value, frozen=True, kw_only=True):
    """What a machine has, beside what each lock needs."""

    here: Here
    python: str
    """The running interpreter's, major.minor.patch; a lock brings its own."""
    fits: tuple[Fit, ...]

    @property
    def fine(self) -> bool:
        """Whether every lock can run."""
        return not any(fit.problems for fit in self.fits)


def diagnose(root: Path, name: str | None) -> Diagnosis:
    """This machine beside the profiles of the project in ``root``, or beside the one called ``name``.

    Where there is no request, and no name, of this machine alone. Raises ``BadInput`` where the request cannot be
    read or has no such profile, or where a lock cannot be read.
    """
    here = this_place()
    if name is None and not (project_root(root) / REQUEST_FILE).is_file():
        return Diagnosis(here=here, python=platform.python_version(), fits=())
    try:
        project = open_project(root)
        profiles = project.chosen([name] if name else [])
    except BadInput:
        _refuse_file(root, name)
        raise
    return Diagnosis(
        here=here,
        python=platform.python_version(),
        fits=tuple(_fit(project, profile, here) for profile in profiles),
    )


def _fit(project: Project, profile: Profile, here: Here) -> Fit:
    """What hinders a lock here, first of all that nobody would notice."""
    fit = fit_of(profile, here, _processor(project, profile))
    elsewhere = here.platform not in (NOT_KNOWN, profile.target.platform)
    worst = () if elsewhere or profile.cuda == NONE else _wrong_numbers(project, profile, here.machine)
    return Fit(profile=fit.profile, problems=(*worst, *fit.problems))


def _wrong_numbers(project: Project, profile: Profile, machine: Machine) -> tuple[str, ...]:
    """What of a lock goes on without an error on a GPU of this machine, and computes what is not so."""
    folder, driver = project.locks / profile.name, machine.driver
    if not is_lock(folder) or not isinstance(driver, str):
        return ()
    capabilities = sorted({gpu.capability for gpu in machine.gpus})
    foreseen = (foretold(as_subject(read_folder(folder)), one, driver, project.matrices) for one in capabilities)
    return tuple(sentence for prediction in foreseen for sentence in prediction.about_wrong_numbers())


def _refuse_file(root: Path, name: str | None) -> None:
    """Who is told of a broken environment by a list of it gives that to the audit."""
    if name is not None and os.path.isfile(root / name):  # noqa: PTH113 - False also for what no file can be called
        fix = f"{command('interlock', 'audit', name)} says what is broken in it"
        raise BadInput(f"{name} is a file, and no profile", key="PROFILE", fix=fix) from None


def this_place() -> Here:
    """What this machine is and has."""
    system, machine = platform.system(), platform.machine()
    named = (name for name, one in PLATFORM_NAMES.items() if (one.system, one.machine) == (system, machine))
    return Here(
        machine=this_machine(),
        glibc=_glibc(system),
        platform=next(named, NOT_KNOWN),
        cpu=this_processor(),
    )


def _glibc(system: str) -> str | NotKnown | None:
    """The release of this machine's glibc, as ``Here`` has it."""
    if system != "Linux":
        return None
    library, version = platform.libc_ver()
    if library not in ("glibc", ""):
        return None
    return version or NOT_KNOWN


def _processor(project: Project, profile: Profile) -> Processor | NotKnown:
    """The oldest processor that the lock of ``profile`` runs on; of one never made, what the request says."""
    folder = project.locks / profile.name
    locked = read_folder(folder).target.cpu if is_lock(folder) else NOT_KNOWN
    return profile.target.cpu if isinstance(locked, NotKnown) else locked


def fit_of(profile: Profile, here: Here, cpu: Processor | NotKnown = NOT_KNOWN) -> Fit:
    """What hinders the lock of ``profile``, which needs a processor of the level ``cpu``."""
    target = profile.target
    if not isinstance(here.platform, NotKnown) and here.platform != target.platform:
        problem = f"it is for {target.platform} and this machine is {here.platform}"
        return Fit(profile=profile.name, problems=(problem,))
    return Fit(profile=profile.name, problems=(*_on_gpu(profile, here.machine), *_on_system(target, here, cpu)))


def _on_gpu(profile: Profile, machine: Machine) -> Iterator[str]:
    target = profile.target
    if profile.cuda == NONE or not profile.frameworks:
        return
    if machine.driver is None:
        yield "no NVIDIA driver answers; the frameworks would run on the CPU"
    elif isinstance(machine.driver, NotKnown):
        yield "an NVIDIA driver is here and does not tell its version, so it is not known whether it is new enough"
    elif target.driver and _is_older(machine.driver, target.driver):
        yield f"the driver is {machine.driver} and the lock needs {target.driver} or newer"
    if target.gpus and not {gpu.capability for gpu in machine.gpus} & set(target.gpus):
        yield f"no GPU here has compute capability {' or '.join(target.gpus)}"


def _on_system(target: Target, here: Here, cpu: Processor | NotKnown) -> Iterator[str]:
    if target.platform.startswith("linux") and here.glibc is None:
        yield f"this machine has no glibc, and the lock needs {target.glibc} or newer"
    elif target.platform.startswith("linux") and here.glibc and _is_older(here.glibc, target.glibc):
        yield f"glibc is {here.glibc} and the lock needs {target.glibc} or newer"
    if isinstance(cpu, NotKnown) or isinstance(here.cpu, NotKnown):
        return
    if number(here.cpu) < number(cpu):
        yield f"the processor is {here.cpu} and the lock needs {cpu} or newer"


def _is_older(version: str, needed: str) -> bool:
    """Whether a version is surely below another; one that cannot be read is not."""
    here, least = version_or_none(version), version_or_none(needed)
    return here is not None and least is not None and here < least
