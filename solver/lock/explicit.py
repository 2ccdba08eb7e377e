"""@EXPLICIT files: addresses with hashes, for ``conda create --file`` and micromamba."""

from __future__ import annotations

from collections.abc import Iterable

from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS, explicit_filename
from solver.core.model import Platform, Profile
from solver.core.writers import comment, explicit_line
from solver.index.conda_record import CondaRecord, depends_first

MARK = "@EXPLICIT"


def explicit(profile: Profile, records: Iterable[CondaRecord], platform: Platform) -> str:
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
    name = explicit_filename(profile.flavour, platform)
    head = [
        comment(
            f"Made by `nox -s lock` (or `interlock lock {profile.name}`); change environment.yml.in, not this file."
        ),
        comment(f"Install: conda create --name {profile.name} --file locks/{profile.name}/{name}"),
        comment("conda asks nothing of the machine here: the NVIDIA driver is not checked."),
    ]
    return _file(head, records, platform)


def base_explicit(profile: Profile, records: Iterable[CondaRecord], platform: Platform) -> str:
    """Only the conda half of a pip-in-conda profile; its first line says where the frameworks come from."""
    head = [
        comment(
            f"Only the base of {profile.name}: its frameworks come from pip, by "
            f"pip install --require-hashes -r locks/{profile.name}/requirements.txt"
        ),
        comment(f"Made by `interlock export explicit {profile.name}`."),
    ]
    return _file(head, records, platform)


def _file(head: list[str], records: Iterable[CondaRecord], platform: Platform) -> str:
    lines = [explicit_line(record.url, record.sha256) for record in depends_first(records)]
    return "\n".join([*head, comment(f"platform: {platform}"), MARK, *lines]) + "\n"
