"""pixi.lock: version 6, which conda's own reader takes, and version 7, which pixi writes.

Both list the packages of each environment by address, then each package once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from solver.core.answer import NotKnown
from solver.core.model import Platform, Profile
from solver.core.writers import comment
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.lock.pip_half import LockedWheel, refuse_halved


def pixi_lock(
    profile: Profile,
    records: Iterable[CondaRecord],
    wheels: Sequence[LockedWheel],
    platform: Platform,
    *,
    version: Literal[6, 7] = 7,
    virtual: Mapping[str, str] | None = None,
) -> str:
    """The whole file, with the pip half in it.

    ``virtual`` is what the target brings; only version 7 has a place for it.
    Raises ``BadInput`` for a profile whose pip half is missing.
    """
    import yaml

    refuse_halved(profile, wheels)
    conda = sorted(by_name_and_build(records), key=lambda record: record.url)
    pip = sorted(wheels, key=lambda wheel: wheel.url)
    channels = sorted({record.channel for record in conda})
    packages = [*({"conda": record.url} for record in conda), *({"pypi": wheel.url} for wheel in pip)]
    data: dict[str, Any] = {"version": version}
    if version == 7:
        needs = [f"{name}={value}" for name, value in sorted((virtual or {}).items()) if name != "__archspec"]
        data["platforms"] = [{"name": platform, **({"virtual-packages": needs} if needs else {})}]
    data["environments"] = {
        "default": {
            "channels": [{"url": f"{channel}/"} for channel in channels],
            "packages": {platform: packages},
        }
    }
    data["packages"] = [*map(_conda, conda), *map(_pypi, pip)]
    head = comment(f"Made by `interlock export pixi.lock {profile.name}`; do not edit.")
    return f"{head}\n" + yaml.safe_dump(data, sort_keys=False, width=1_000_000, allow_unicode=True)


def _conda(record: CondaRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "conda": record.url,
        # A reader takes both from an https address, and from no other.
        "subdir": None if record.url.startswith("https:") else record.subdir,
        "channel": None if record.url.startswith("https:") else record.channel,
        "build_number": record.build_number,
        "sha256": record.sha256,
        "md5": record.md5,
        "depends": list(record.depends) or None,
        "constrains": list(record.constrains) or None,
        "track_features": list(record.track_features) or None,
        "python_site_packages_path": record.python_site_packages_path,
        "license": record.license,
        "size": record.size,
        "timestamp": record.timestamp,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _pypi(wheel: LockedWheel) -> dict[str, Any]:
    fields = {
        "pypi": wheel.url,
        "name": wheel.name,
        "version": wheel.version,
        "sha256": wheel.sha256,
        "requires_dist": None if isinstance(wheel.requires, NotKnown) else list(wheel.requires) or None,
    }
    return {key: value for key, value in fields.items() if value is not None}
