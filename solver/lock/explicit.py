"""@EXPLICIT files: addresses with hashes, for ``conda create --file`` and micromamba."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS, explicit_filename
from solver.core.model import Profile, Target
from solver.core.writers import comment, explicit_line, shell_assignment
from solver.index.conda_record import CondaRecord, depends_first
from solver.lock.environment_head import machine
from solver.lock.variables import profile_variables

MARK = "@EXPLICIT"


def explicit(profile: Profile, records: Iterable[CondaRecord], target: Target) -> str:
    """The file of a profile whose packages all come from conda.

    Raises ``BadInput`` for a profile whose frameworks come from pip: the file
    would install an environment without them and say nothing.
    """
    if FLAVOURS[profile.flavour].from_pip:
        raise BadInput(
            "has frameworks that come from pip, which an @EXPLICIT file cannot hold",
            key=profile.name,
            fix="export base-linux-64.lock, or use environment.yml",
        )
    return _file([*_head(profile, target), *set_variables(profile)], records, target)


def base_explicit(profile: Profile, records: Iterable[CondaRecord], target: Target) -> str:
    """Only the conda half of a pip-in-conda profile; its first line says where the frameworks come from."""
    head = [
        f"Only the base of {profile.name}: what comes from pip follows in the activated environment, by "
        f"pip install --require-hashes -r locks/{profile.name}/requirements.txt",
        *_head(profile, target),
        *set_variables(profile),
    ]
    return _file(head, records, target)


def _head(profile: Profile, target: Target) -> list[str]:
    name = explicit_filename(profile.flavour, target.platform)
    return [
        f"Made by `nox -s lock` (or `interlock lock {profile.name}`); change environment.yml.in, not this file.",
        f"Install: conda create --name {profile.environment} --file locks/{profile.name}/{name}",
        # CHANGELOG of conda, 24.9.0: "#sha256:" in explicit files (#14048).
        "Its hashes are read by conda 24.9 and newer, by mamba 2 and by micromamba 2.",
        f"For {machine(target)}; conda asks nothing of the machine here.",
    ]


def set_variables(profile: Profile) -> Iterator[str]:
    """How the environment gets its variables where the format has no place for them; nothing where it has none."""
    variables = profile_variables(profile)
    if variables:
        pairs = " ".join(shell_assignment(name, value) for name, value in variables.items())
        yield f"Then: conda env config vars set --name {profile.environment} {pairs}"


def _file(head: Iterable[str], records: Iterable[CondaRecord], target: Target) -> str:
    lines = [explicit_line(record.url, record.sha256) for record in depends_first(records)]
    return "\n".join([*map(comment, head), comment(f"platform: {target.platform}"), MARK, *lines]) + "\n"
