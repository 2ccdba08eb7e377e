"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from solver.commands.project import Reach, profile_names
from solver.core.errors import BadInput

JSON = click.option("--json", "as_json", is_flag=True, help="print JSON")
OFFLINE = click.option(
    "--offline", is_flag=True, envvar="INTERLOCK_OFFLINE", help="ask no index for what is not recorded"
)
"""Also switched on by $INTERLOCK_OFFLINE."""
NEWER = click.option(
    "--live", "--upgrade", "live", is_flag=True, help="also take releases that are newer than the record"
)
NO_LOADER = click.option("--no-loader", is_flag=True, help="as if the request said loader: none")
GPU = click.option("--gpu", "gpus", multiple=True, metavar="NAME", help="e.g. H100, 'RTX 4090' or 9.0: as -c gpu=NAME")
DRIVER = click.option("--driver", metavar="VERSION", help="e.g. 550 or 550.54.14: as -c 'driver>=VERSION'")
LIVE = click.option("--live", is_flag=True, help="ask the index for what the snapshot does not hold")


def known_profiles(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """What a shell may complete the beginning of a profile's name to."""
    return [name for name in profile_names(Path()) if name.startswith(incomplete)]


def on_machine(gpus: Sequence[str], driver: str | None) -> tuple[str, ...]:
    """The constraints that ``--gpu`` and ``--driver`` stand for; None: no driver is named."""
    drivers = () if driver is None else (f"driver>={driver.strip().removeprefix('>=').strip()}",)
    return (*(f"gpu={name}" for name in gpus), *drivers)


def reach(*, live: bool, offline: bool, upgrade: bool = False) -> Reach:
    """What the options let the indexes be asked for; ``upgrade``: of some packages, newer releases."""
    if live and upgrade:
        raise BadInput("makes every package newer", key="--live", fix="leave it out, or --upgrade-package")
    source = click.get_current_context().get_parameter_source("offline")
    if live and source is click.core.ParameterSource.COMMANDLINE:
        raise BadInput("contradicts --offline", key="--live", fix="leave out one of them")
    if offline and not live:
        return Reach.RECORD
    return Reach.NEWER if live else Reach.UPGRADE if upgrade else Reach.LACKING
