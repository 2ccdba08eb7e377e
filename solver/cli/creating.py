"""create: an environment of a lock, by the program for conda environments that is here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from solver.cli.options import known_profiles
from solver.commands.create import MAKERS, Creation, Move, carry_out, plan
from solver.commands.project import project_root
from solver.core.spelling import all_of

_MOST_FILES = 3
"""So many are named."""


@click.command()
@click.argument("profile", shell_complete=known_profiles)
@click.option("-n", "--name", help="name of the environment, as conda knows it")
@click.option("-p", "--prefix", type=click.Path(path_type=Path), help="folder of the environment")
@click.option("--with", "program", type=click.Choice(MAKERS), help="what makes it (default: the first here)")
@click.option("-y", "--yes", is_flag=True, help="change an environment that is there without asking")
@click.option("--dry-run", is_flag=True, help="only tell what would be done")
@click.option("--no-driver-check", is_flag=True, help="of our own installer: although no driver here serves the lock")
def create(
    profile: str,
    name: str | None,
    prefix: Path | None,
    program: str | None,
    yes: bool,
    dry_run: bool,
    no_driver_check: bool,
) -> None:
    """Make an environment of the lock of PROFILE, or move one that is there to it; says how to activate it."""
    creation = plan(project_root(Path()), profile, name=name, prefix=prefix, program=program, environ=os.environ)
    click.echo("\n".join(_plan_lines(creation)))
    if dry_run:
        return
    if creation.moves != ():
        if creation.moves is not None and not yes and not click.confirm("go on?"):
            click.echo("nothing was changed")
            return
        carry_out(creation, check_driver=not no_driver_check)
    click.echo(creation.activation)


def _plan_lines(creation: Creation) -> Iterator[str]:
    maker = "our own installer" if creation.program is None else creation.program.path
    if creation.moves is None:
        yield f"{creation.environment}: a new environment of {creation.lock.name}, by {maker}"
        return
    if not creation.moves:
        yield f"{creation.environment}: is what {creation.lock.name} holds"
        return
    yield f"{creation.environment}: made anew of {creation.lock.name}, by {maker}; put back as it is should that fail"
    yield from (f"  {_move_line(move)}" for move in creation.moves)
    if creation.unowned:
        some, count = all_of(creation.unowned[:_MOST_FILES]), len(creation.unowned)
        files = "1 file" if count == 1 else f"{count} files"
        such = f": {some}" if count <= _MOST_FILES else f", such as {some}"
        yield f"  goes: {files} that no package brought{such}"


def _move_line(move: Move) -> str:
    what = f"{move.name} ({move.half})"
    if move.before is None:
        return f"comes: {what} {move.after}"
    if move.after is None:
        return f"goes: {what} {move.before}"
    return f"changes: {what} {move.before} -> {move.after}"
