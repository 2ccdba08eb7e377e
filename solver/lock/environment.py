"""environment.yml: what ``conda env create -f`` installs whole, pip half included.

conda knows the keys name, channels, dependencies, prefix and variables, and
warns of any other; ``nodefaults`` it would read as the name of a channel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from solver.core.errors import BadInput
from solver.core.lines import logical_lines
from solver.core.model import Profile
from solver.core.writers import comment
from solver.index.conda_record import CondaRecord, in_order
from solver.lock.variables import profile_variables


def environment_yml(
    profile: Profile,
    records: Iterable[CondaRecord],
    requirements: Sequence[str] = (),
) -> str:
    """The whole file. ``requirements`` are the lines of requirements.txt, hashes included.

    Raises ``BadInput`` where there are requirements and ``records`` have no pip.
    """
    import yaml

    packages = in_order(records)
    if requirements and not any(record.name == "pip" for record in packages):
        raise BadInput(
            "has packages for pip and no pip among its conda packages",
            key=profile.name,
            fix="add pip to conda_packages",
        )
    dependencies: list[object] = [record.pin for record in packages]
    if requirements:
        dependencies.append({"pip": pip_block(requirements)})
    data: dict[str, object] = {
        "name": profile.name,
        "channels": list(profile.channels),
        "dependencies": dependencies,
    }
    variables = profile_variables(profile)
    if variables:
        data["variables"] = variables
    body = yaml.safe_dump(data, sort_keys=False, width=1_000_000, allow_unicode=True)
    return _header(profile, bool(requirements)) + body


def pip_block(requirements: Iterable[str]) -> list[str]:
    """Lines of a requirements file as conda hands them to pip: each item is one logical line."""
    return [" ".join(line.text.split()) for line in logical_lines("\n".join(requirements))]


def _header(profile: Profile, with_pip: bool) -> str:
    if with_pip:
        gap = "conda cannot check hashes here: pip checks its half below, nobody checks conda's packages."
    else:
        gap = "conda cannot check hashes here; linux-64.lock and conda-lock.yml hold them."
    lines = [
        f"Made by `nox -s lock` (or `interlock lock {profile.name}`); change environment.yml.in, not this file.",
        f"Install: conda env create -f locks/{profile.name}/environment.yml",
        gap,
        f"`interlock install {profile.name} PREFIX` checks every hash and leaves a whole environment or none.",
    ]
    return "".join(comment(line) + "\n" for line in lines)
