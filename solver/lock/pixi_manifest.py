"""pixi.toml, without which pixi reads no pixi.lock: the project of one environment, with its packages as locked.

Its platform is a bare name, which pixi finds in a pixi.lock of version 6 and 7 alike; with virtual packages beside it
pixi gives the platform another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import tomli_w

from solver.core.model import Platform, Profile
from solver.core.reading import read_text
from solver.core.writers import WHEELS, comment
from solver.index.conda_record import CondaRecord, by_name_and_build
from solver.lock.environment_head import without_driver
from solver.lock.pip_half import LockedWheel
from solver.lock.variables import profile_variables

MANIFEST = "pixi.toml"
INSTALL = "pixi install --frozen"
_MADE = "Made by `interlock export pixi.lock"
_OURS = frozenset({MANIFEST, "pixi.lock", WHEELS, ".pixi", ".gitignore", ".gitattributes"})
"""What lies in a project that holds nothing but an environment."""


def pixi_toml(
    profile: Profile,
    records: Iterable[CondaRecord],
    wheels: Sequence[LockedWheel],
    platform: Platform,
    virtual: Mapping[str, str],
) -> str:
    """The whole file; ``virtual`` is what the target brings."""
    conda = by_name_and_build(records)
    head = [
        f"{_MADE} {profile.name}`; do not edit.",
        f"Install, in this folder: {INSTALL}",
        *without_driver(conda, virtual, INSTALL),
        "Say --frozen (or set PIXI_FROZEN=true) whenever you run pixi here: it then keeps to pixi.lock and its hashes.",
    ]
    workspace = {"name": profile.environment, "channels": list(profile.channels), "platforms": [platform]}
    tables = [
        tomli_w.dumps({"workspace": workspace}, multiline_strings=False),
        _table("dependencies", {r.name: {"version": f"=={r.version}", "build": r.build} for r in conda}),
        _table("pypi-dependencies", {wheel.name: _wheel(wheel) for wheel in sorted(wheels, key=lambda w: w.name)}),
    ]
    variables = profile_variables(profile)
    tables += [tomli_w.dumps({"activation": {"env": variables}})] if variables else []
    return "".join(comment(line) + "\n" for line in head) + "\n".join(table for table in tables if table)


def is_made_here(folder: Path) -> bool:
    """Whether ``folder`` is such a project and nobody's own work lies in it."""
    manifest = folder / MANIFEST
    made = manifest.is_file() and read_text(manifest).startswith(comment(_MADE))
    return made and {path.name for path in folder.iterdir()} <= _OURS


def _wheel(wheel: LockedWheel) -> dict[str, str]:
    if "://" not in wheel.url:
        return {"path": wheel.url}
    # A local version is of one index alone, which the default one does not know.
    return {"url": wheel.url} if "+" in wheel.version else {"version": f"=={wheel.version}"}


def _table(name: str, entries: Mapping[str, Mapping[str, str]]) -> str:
    """A table of one line an entry, as people write it."""
    if not entries:
        return ""
    lines = [
        f"{_quoted(key)} = {{ {', '.join(f'{k} = {_quoted(v)}' for k, v in e.items())} }}" for key, e in entries.items()
    ]
    return "\n".join([f"[{name}]", *lines, ""])


def _quoted(text: str) -> str:
    return tomli_w.dumps({"a": text}).removeprefix("a = ").rstrip("\n")
