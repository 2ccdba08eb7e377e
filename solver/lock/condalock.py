"""conda-lock.yml, by conda-lock's own models and writer.

Importing conda-lock takes two seconds and over a thousand modules, so it happens
here alone, and late.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement

from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS
from solver.core.model import Platform, Profile, Requires
from solver.core.scratch import scratch_folder
from solver.core.writers import comment
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.index.conda_spec import read_spec
from solver.lock.explicit import set_variables
from solver.lock.pip_half import LockedWheel, refuse_halved


def conda_lock_yml(
    profile: Profile,
    records: Iterable[CondaRecord],
    wheels: Sequence[LockedWheel],
    platform: Platform,
) -> str:
    """The whole file, with the pip half in it.

    Raises ``BadInput`` for a record without md5, which conda-lock refuses, and
    for a profile whose pip half is missing.
    """
    refuse_halved(profile, wheels)
    packages = [*map(_conda, by_name_and_build(records)), *map(_pip, wheels)]
    return _header(profile) + _written(profile, platform, packages)


def _written(profile: Profile, platform: Platform, packages: Iterable[Mapping[str, Any]]) -> str:
    """What conda-lock's writer makes of ``packages``, each the fields of its ``LockedDependency``."""
    with warnings.catch_warnings():
        # It warns of what it and its vendored conda still use of older python.
        for kind in (PendingDeprecationWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        from conda_lock.lockfile import write_conda_lock_file
        from conda_lock.lockfile.v2prelim.models import LockedDependency, Lockfile, LockMeta
        from conda_lock.models.channel import Channel

    metadata = LockMeta(
        content_hash={platform: _content_hash(profile, platform)},
        channels=[Channel.from_string(channel) for channel in profile.channels],
        platforms=[platform],
        sources=["environment.yml"],
    )
    locked = [LockedDependency(platform=platform, categories={"main"}, **fields) for fields in packages]
    with scratch_folder() as folder:
        path = folder / "conda-lock.yml"
        write_conda_lock_file(Lockfile(package=locked, metadata=metadata), path, None, include_help_text=False)
        return path.read_text(encoding="utf-8")


def _conda(record: CondaRecord) -> dict[str, Any]:
    return {
        "manager": "conda",
        "name": record.name,
        "version": record.version,
        "build": record.build,
        "dependencies": _by_name(record.depends),
        "url": record.url,
        "hash": {"md5": _md5(record), "sha256": record.sha256},
    }


def _pip(wheel: LockedWheel) -> dict[str, Any]:
    return {
        "manager": "pip",
        "name": wheel.name,
        "version": wheel.version,
        "dependencies": _required(wheel.requires),
        "url": wheel.url,
        "hash": {"sha256": wheel.sha256},
    }


def _header(profile: Profile) -> str:
    from_pip = FLAVOURS[profile.flavour].from_pip
    made = f"interlock export conda-lock {profile.name}" if from_pip else "nox -s lock"
    # Our own wheels are named by a path, which pip reads from where conda-lock runs.
    where, folder = (", in the folder of this file", "") if from_pip else ("", f"locks/{profile.name}/")
    lines = [
        f"Made by `{made}`; change environment.yml.in, not this file.",
        f"Install{where}: conda-lock install --name {profile.environment} {folder}conda-lock.yml",
        *set_variables(profile),
    ]
    return "".join(comment(line) + "\n" for line in lines)


def _content_hash(profile: Profile, platform: Platform) -> str:
    """conda-lock compares it with its source files' to tell whether to lock anew; ours follows the request."""
    request = {
        "channels": list(profile.channels),
        "platform": platform,
        "specs": sorted((*profile.packages, *profile.conda_packages, f"python {profile.python}")),
        "constraints": dict(sorted(profile.constraints.items())),
    }
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _md5(record: CondaRecord) -> str:
    if record.md5 is None:
        raise BadInput(
            f"the channel gives no md5 for {record.filename}, which conda-lock.yml must have",
            key=record.name,
            fix="export explicit, which holds sha256 alone",
        )
    return record.md5


def _by_name(depends: Iterable[str]) -> dict[str, str]:
    """The format has one spec a name; where a record has several, the narrowest version says most."""
    versions: dict[str, str] = {}
    for spec in sorted(depends):
        read = read_spec(spec)
        if read is not None and (read.name not in versions or len(read.rest) > len(versions[read.name])):
            versions[read.name] = read.rest
    return versions


def _required(requires: Requires) -> dict[str, str]:
    # The format wants a mapping and has no word for "not known"; nobody who installs from it resolves anew.
    requirements = () if isinstance(requires, NotKnown) else map(Requirement, requires)
    return {requirement.name: str(requirement.specifier) or "*" for requirement in requirements}
