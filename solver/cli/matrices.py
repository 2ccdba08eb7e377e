"""matrices and refresh: renewing facts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from solver.cli.asking import steps
from solver.commands.learn import learn as learn_rows
from solver.commands.project import project_root
from solver.commands.refresh import refresh as refresh_matrices


@click.group()
def matrices() -> None:
    """Work on the compatibility matrices."""


@matrices.command()
def learn() -> None:
    """Write matrices/verified.yaml from the evidence in locks/; committed locks stay as they are."""
    file, rows = learn_rows(project_root(Path()))
    click.echo(f"{file}: {len(rows)} verified locks")


@click.command()
@click.option("--rows/--no-rows", default=None, help="renew the rows that wheels on the index tell")
@click.option("--snapshot/--no-snapshot", default=None, help="record the index anew")
@click.option("--conda", "channel", metavar="NAME[=ADDRESS]", multiple=True, help="record this conda channel anew")
def refresh(rows: bool | None, snapshot: bool | None, channel: tuple[str, ...]) -> None:
    """Renew what can be read from the indexes; rows written by hand stay as they are.

    Where channels are named, they alone are read, unless --rows or --snapshot says more.
    """
    # Reading every wheel takes ten minutes, and serves nobody who asks for a channel.
    rows, snapshot = (not channel if asked is None else asked for asked in (rows, snapshot))
    with steps() as tell:
        lines = refresh_matrices(
            project_root(Path()), date.today(), rows=rows, snapshot=snapshot, channels=channel, tell=tell
        )
        for line in lines:
            tell("")
            click.echo(line)
