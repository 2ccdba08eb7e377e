"""The folder that `docker build` makes an image of: Dockerfile, lock, probes and scripts."""

from __future__ import annotations

from pathlib import Path

import msgspec

import solver.proof.probes
from solver.commands.lock import Lock
from solver.commands.project import Project
from solver.commands.solve import solve_profile
from solver.core.errors import BadInput
from solver.core.model import Profile
from solver.core.writers import comment, wrapped
from solver.lock.dockerfile import PROBE, Plan, base_image, check_sh, compose_yaml, dockerfile, entry_sh
from solver.lock.environment import sharing_variables
from solver.lock.explicit import explicit_filename
from solver.lock.requirements import requirement_lines
from solver.lock.solution import installable_digest
from solver.proof.evidence import orders

COMMAND = "interlock export dockerfile"


def image_files(project: Project, lock: Lock, packages: dict[str, str], *, compose: bool) -> dict[str, bytes]:
    """The files by name; ``packages`` are version by name of all that the lock installs.

    Raises ``BadInput`` where the request names no base image, or the platform has none.
    """
    profile, platform = lock.profile, lock.solution.target.platform
    place = project.request.lines.get(f"profiles.{profile.name}")
    image = base_image(profile, lock.solution.target.python, project.request.file, place)
    conda = profile.flavour == "conda"
    shared = None if conda else _shared(project, profile, packages)
    plan = Plan(
        profile=profile,
        solution=lock.solution,
        packages=packages,
        digest=installable_digest(lock.files),
        variables=sharing_variables(profile),
        orders=[",".join(order) for order in orders(profile.frameworks)],
        shared=shared is not None,
        wheels=bool(lock.wheels),
        explicit=explicit_filename(profile, platform) if conda else None,
        family=profile.variant_of or profile.name,
    )
    command = f"{COMMAND} {profile.name}"
    files = {"Dockerfile": dockerfile(plan, image, command).encode()}
    files |= {"check.sh": check_sh(plan, command).encode(), "entry.sh": entry_sh(command).encode()}
    if shared is not None:
        files["requirements-base.txt"] = shared.encode()
    if plan.explicit is not None:
        files[plan.explicit] = lock.files[plan.explicit]
    else:
        files["requirements.txt"] = lock.files["requirements.txt"]
        files |= {f"wheels/{wheel.filename}": wheel.content for wheel in lock.wheels}
    if compose:
        files["compose.yaml"] = compose_yaml(plan, f"{command} --compose").encode()
    return files | _probes()


def _shared(project: Project, profile: Profile, packages: dict[str, str]) -> str | None:
    """requirements-base.txt, the same in a profile and all its variants; None where nothing can be shared."""
    family = project.profile(profile.variant_of or profile.name)
    if len(family.frameworks) < 2:
        return None
    asked = msgspec.structs.replace(family, variant_of=family.name, frameworks=(), packages=(), interop=False)
    base = solve_profile(project, asked)
    if not base.pins or {str(pin.name) for pin in base.pins} == set(packages):
        return None
    if any(packages.get(str(pin.name)) != pin.version for pin in base.pins):
        raise BadInput(f"does not hold what the frameworks of {family.name} share", key=profile.name)
    head = [comment(f"What both frameworks of {family.name} need."), comment(f"Made by `{COMMAND}`; do not edit.")]
    return "\n".join([*head, *map(wrapped, requirement_lines(base)), ""])


def _probes() -> dict[str, bytes]:
    folder = Path(next(iter(solver.proof.probes.__path__)))
    return {f"{PROBE}/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.py"))}
