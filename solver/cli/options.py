"""Options that several commands have."""

from __future__ import annotations

import click

from solver.commands.project import Reach
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
LIVE = click.option("--live", is_flag=True, help="ask the index for what the snapshot does not hold")


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
