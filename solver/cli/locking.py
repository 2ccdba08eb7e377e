"""lock, export, install: what writes locks and what uses them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from solver import pipeline
from solver.cli.solving import LIVE
from solver.errors import IndexUnavailable, InterlockError, NoSolution
from solver.project import Project, open_project


@click.command()
@click.argument("profiles", nargs=-1)
@LIVE
@click.option("--check", is_flag=True, help="write nothing; exit 1 where a lock is not what would be written")
@click.option("--pylock/--no-pylock", default=True, help="also write pylock.toml, which asks the index for addresses")
def lock(profiles: tuple[str, ...], live: bool, check: bool, pylock: bool) -> None:
    """Make the locks of PROFILES, or of every profile, under locks/."""
    project = open_project(Path.cwd(), live=live)
    names = profiles or tuple(profile.name for profile in project.request.profiles)
    wanted = [project.profile(name) for name in names]
    if check:
        _check(project, names)
        return
    failures: list[InterlockError] = []
    made = []
    for profile in wanted:
        try:
            one = pipeline.make_lock(project, profile)
        except (NoSolution, InterlockError) as error:
            failures.append(error)
            click.echo(f"interlock: {error}", err=True)
            continue
        changed = pipeline.write_lock(project, one)
        made.append(one)
        click.echo(f"{profile.name}: {pipeline.summary(one)}{'' if changed else ' (unchanged)'}")
    if pylock and made:
        _pylocks(project, made)
    if failures:
        sys.exit(failures[0].exit_code)


def _check(project: Project, names: tuple[str, ...]) -> None:
    stale = False
    for name in names:
        reasons = pipeline.lock_state(project, name)
        stale = stale or bool(reasons)
        click.echo(f"{name}: {'; '.join(reasons) if reasons else 'fresh'}")
    if stale:
        sys.exit(1)


def _pylocks(project: Project, made: list[pipeline.Lock]) -> None:
    pip_locks = [one for one in made if one.profile.flavour == "pip-in-conda"]
    try:
        addresses = pipeline.addresses_of(pip_locks)
    except IndexUnavailable as error:
        # The locks themselves are whole; only this convenience needs the index.
        click.echo(f"pylock.toml not written, it needs the index for addresses: {error}", err=True)
        return
    for one in pip_locks:
        pipeline.write_pylock(project, one, addresses)
