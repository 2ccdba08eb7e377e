"""The folder that `docker build` makes an image of: Dockerfile, lock, probes and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import solver.proof.probes
from solver.commands.locked import LockedProfile
from solver.commands.project import Project
from solver.core.flavours import explicit_filename
from solver.core.led import activated, plan_of
from solver.core.lines import LockedPin
from solver.core.writers import comment, requirement_line, wrapped
from solver.lock.dockerfile import ENVIRONMENT, PROBE, Plan, base_image, check_sh, compose_yaml, dockerfile, entry_sh
from solver.lock.folder import LockFolder, intact_folder, is_lock
from solver.lock.requirements import is_own_wheel
from solver.proof.checks import orders

COMMAND = "interlock export dockerfile"


def image_files(project: Project, lock: LockedProfile, *, compose: bool) -> dict[str, bytes]:
    """The files by name; raises ``BadInput`` where the request names no base image, or the platform has none."""
    profile, target = lock.profile, lock.folder.solution.target
    place = project.request.lines.get(f"profiles.{profile.name}")
    image = base_image(profile, target.python, project.request.file, place)
    command = f"{COMMAND} {profile.name}"
    shared = _shared(project, lock)
    plan = _plan(lock, shared=bool(shared))
    files = {"Dockerfile": dockerfile(plan, image, command).encode()}
    files |= {"check.sh": check_sh(plan, command).encode(), "entry.sh": entry_sh(command).encode()}
    if shared:
        files["requirements-base.txt"] = _base_txt(plan.family, shared).encode()
    if compose:
        files["compose.yaml"] = compose_yaml(plan, f"{command} --compose").encode()
    return files | _lock_files(plan, lock.folder) | _probes()


def _plan(lock: LockedProfile, *, shared: bool) -> Plan:
    profile, folder = lock.profile, lock.folder
    conda = folder.requirements is None
    packages = {str(pin.name): pin.installs for pin in folder.pins}
    if conda:
        packages = {str(record.name): record.version for record in folder.records}
    return Plan(
        name=profile.name,
        target=folder.solution.target,
        axes=folder.solution.solution,
        packages=packages,
        digest=folder.digest,
        variables={**folder.variables, **_activated(lock)},
        orders=[",".join(order) for order in orders(profile.frameworks)],
        shared=shared,
        wheels=bool(lock.wheels),
        explicit=explicit_filename(profile.flavour, folder.solution.target.platform) if conda else None,
        family=profile.variant_of or profile.name,
    )


def _activated(lock: LockedProfile) -> dict[str, str]:
    """What a loader without code has set when its environment is activated, which nobody does in an image."""
    site = PurePosixPath(ENVIRONMENT, "lib", f"python{lock.folder.target.python}", "site-packages")
    plans = (plan_of(wheel.plan) for wheel in lock.wheels)
    every = (activated(plan, site, lock.folder.variables) for plan in plans)
    return {name: value for variables in every for name, value in variables.items()}


def _lock_files(plan: Plan, folder: LockFolder) -> dict[str, bytes]:
    """What of the lock is copied into the image."""
    return {
        name: content
        for name, content in folder.files.items()
        if name == (plan.explicit or "requirements.txt") or (plan.wheels and is_own_wheel(name))
    }


def _shared(project: Project, lock: LockedProfile) -> tuple[LockedPin, ...]:
    """The pins that the locks of a profile and of all its variants have in common; empty where there is but one lock.

    A pin of each lock's closure, and each closure whole: what they share is closed too, so pip installs it alone.
    """
    family = lock.profile.variant_of or lock.profile.name
    members = [profile.name for profile in project.request.profiles if family in (profile.name, profile.variant_of)]
    folders = [intact_folder(project.locks / name) for name in members if is_lock(project.locks / name)]
    pips = [folder for folder in folders if folder.requirements is not None]
    if len(pips) < 2 or lock.folder.requirements is None:
        return ()
    common = frozenset.intersection(*(frozenset(_lines(folder)) for folder in pips))
    return tuple(pin for pin in lock.folder.pins if not lock.brings(pin) and _line(pin) in common)


def _lines(folder: LockFolder) -> Iterator[str]:
    return map(_line, folder.pins)


def _line(pin: LockedPin) -> str:
    if pin.url is not None:
        return requirement_line(pin.name, url=pin.url, hashes=sorted(pin.hashes))
    return requirement_line(pin.name, version=pin.version, hashes=sorted(pin.hashes))


def _base_txt(family: str, pins: tuple[LockedPin, ...]) -> str:
    """requirements-base.txt, the same in a profile and all its variants."""
    head = [
        comment(f"What the locks of {family} and its variants share."),
        comment(f"Made by `{COMMAND}`; do not edit."),
    ]
    return "\n".join([*head, *(wrapped(_line(pin)) for pin in pins), ""])


def _probes() -> dict[str, bytes]:
    folder = Path(next(iter(solver.proof.probes.__path__)))
    return {f"{PROBE}/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}
