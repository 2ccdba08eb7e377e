"""init: the way in."""

from __future__ import annotations

from pathlib import Path

import click

from solver.cli.options import OFFLINE
from solver.commands.init import init as make_request


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="ask nothing; take what this machine shows")
@OFFLINE
def init(source: Path | None, yes: bool, offline: bool) -> None:
    """Make environment.yml.in of SOURCE, or of the environment.yml, pyproject.toml, … that is here, or of answers.

    SOURCE may be an environment.yml, a requirements file (what `pip freeze` prints is one), a pyproject.toml, a
    uv.lock or a pixi.toml.
    """
    made = make_request(Path(), source, None if yes else _ask, offline=offline)
    for line in made.remarks:
        click.echo(line)
    of = f" of {made.source}" if made.source else ""
    click.echo(f"made {made.path}{of}; `interlock lock` makes the lock")


def _ask(what: str, usual: str) -> str:
    return str(click.prompt(what, default=usual, show_default=bool(usual)))
