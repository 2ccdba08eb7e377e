"""environment.yml: what ``conda env create -f`` installs whole, pip half included.

conda knows the keys name, channels, dependencies, prefix and variables, and
warns of any other; ``nodefaults`` it would read as the name of a channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.model import Profile, Target
from solver.core.names import is_plain_channel
from solver.core.writers import comment
from solver.index.conda_level import askers, is_of_the_machine, level_spec
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.index.conda_spec import spec_name
from solver.lock.environment_head import head_lines
from solver.lock.variables import profile_variables


@dataclass(frozen=True)
class CondaHalf:
    """What comes from conda, and for which machine."""

    target: Target
    """Without a driver where nothing in the lock asks for a GPU."""
    records: Sequence[CondaRecord]
    virtual: Mapping[str, str]
    """Version of each virtual package that the records were chosen for, by name."""
    unrecorded: Sequence[str] = ()
    """In place of ``records`` where the channels are not recorded for the platform: python and pip as MatchSpecs."""
    by_hash: bool = False
    """Whether each record is named by its hash, in place of its channel."""


def environment_yml(profile: Profile, half: CondaHalf, requirements: Sequence[str] = ()) -> str:
    """The whole file. ``requirements`` are the logical lines of requirements.txt, hashes included.

    Raises ``BadInput`` where there are requirements and no pip among the packages of conda.
    """
    import yaml

    dependencies: list[object] = [*_virtual_packages(profile, half), *_packages(profile, half)]
    if requirements:
        _check_pip(profile, half)
        dependencies.append({"pip": list(requirements)})
    data: dict[str, object] = {
        "name": profile.environment,
        "channels": list(profile.channels),
        "dependencies": dependencies,
    }
    variables = profile_variables(profile)
    if variables:
        data["variables"] = variables
    body = yaml.safe_dump(data, sort_keys=False, width=1_000_000, allow_unicode=True)
    head = head_lines(profile, half.target, half.records, half.virtual, requirements, by_hash=half.by_hash)
    return "".join(comment(line) + "\n" for line in head) + body


def locked_pins(dependencies: object) -> set[str]:
    """The builds that ``dependencies`` of such a file pin, as ``name=version=build``; the machine's own are none."""
    entries = [entry for entry in dependencies if isinstance(entry, str)] if isinstance(dependencies, list) else []
    bare = (entry.rpartition("::")[2] for entry in entries)
    return {entry for entry in bare if not is_of_the_machine(entry)}


def _virtual_packages(profile: Profile, half: CondaHalf) -> list[str]:
    """conda refuses a machine that does not meet these before it installs anything; pip would fail halfway."""
    asks = []
    if half.target.platform.startswith("linux"):
        glibc = half.virtual.get("__glibc") if half.virtual else half.target.glibc
        asks += [] if glibc is None else [f"__glibc>={glibc}"]
    if not isinstance(half.target.cpu, NotKnown) and half.records:
        # It is no virtual package but an empty one of whoever builds for levels, and no other channel has it.
        builders = [_channel(profile, record.channel) for record in askers(half.records)]
        asks.append("::".join([*builders[:1], level_spec(half.target.cpu)]))
    return asks


def _packages(profile: Profile, half: CondaHalf) -> list[str]:
    if not half.records:
        return [f"{_channel(profile, '')}::{spec}" for spec in half.unrecorded]
    records = by_name_and_build(half.records)
    return [r.hashed if half.by_hash else f"{_channel(profile, r.channel)}::{r.pin}" for r in records]


def _channel(profile: Profile, address: str) -> str:
    """The channel that has a package, as a MatchSpec names it: else any channel of a user's own might bring it."""
    if not address:
        return profile.channels[0]
    named = (name for name in profile.channels if is_plain_channel(name) and address.endswith(f"/{name}"))
    return next(named, address)


def _check_pip(profile: Profile, half: CondaHalf) -> None:
    names = [record.name for record in half.records] or [spec_name(spec) for spec in half.unrecorded]
    if "pip" not in names:
        raise BadInput(
            "has packages for pip and no pip among its conda packages",
            key=profile.name,
            fix="add pip to conda_packages",
        )
