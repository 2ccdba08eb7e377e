"""The flavours of a lock: where its packages come from. What differs between them is told here, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.core.model import Flavour, Platform


@dataclass(frozen=True)
class FlavourEntry:
    """One flavour."""

    from_pip: bool
    """Whether frameworks and packages come from pip, by requirements.txt."""
    conda: bool
    """Whether anything comes from conda: all, or the base below what comes from pip."""
    conda_file: str
    """Name of the @EXPLICIT file that lists what comes from conda, where anything does; ``{platform}``: its subdir."""
    image: str
    """A base image that has what installs it; ``{python}`` is major.minor."""


FLAVOURS: Mapping[Flavour, FlavourEntry] = {
    "pip-in-conda": FlavourEntry(
        from_pip=True, conda=True, conda_file="base-{platform}.lock", image="python:{python}-slim"
    ),
    "conda": FlavourEntry(from_pip=False, conda=True, conda_file="{platform}.lock", image="mambaorg/micromamba:2"),
    "pip": FlavourEntry(from_pip=True, conda=False, conda_file="", image="python:{python}-slim"),
}


DEFAULT_FLAVOUR: Flavour = next(iter(FLAVOURS))
"""What a request means that names none."""


WHEEL_FLAVOUR: Flavour = next(name for name, entry in FLAVOURS.items() if entry.from_pip)
"""What to take where something comes as a wheel alone."""


WHEELS_ALONE: Flavour = next(name for name, entry in FLAVOURS.items() if entry.from_pip and not entry.conda)
"""What to take where conda has no say."""


def explicit_filename(flavour: Flavour, platform: Platform) -> str:
    """The @EXPLICIT file of a lock: ``linux-64.lock``, or ``base-linux-64.lock`` where the frameworks come from pip."""
    return FLAVOURS[flavour].conda_file.format(platform=platform)
