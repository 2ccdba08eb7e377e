"""lock, export, install: what writes locks and what uses them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import click
import msgspec

from solver.cli.asking import asking
from solver.cli.failures import shown
from solver.cli.options import JSON, NEWER, NO_LOADER, OFFLINE, known_profiles, reach
from solver.cli.show import echo_json
from solver.commands.check import Freshness, check_locks, orphans, remember
from solver.commands.export import FORMATS, write_export, write_pylocks
from solver.commands.install import install as install_lock
from solver.commands.lock import Lock, summary, write_locks
from solver.commands.project import Project, Reach, open_project, project_root
from solver.commands.upgrade import OPTION, moved, settling
from solver.core.answer import Answer
from solver.core.errors import BadInput, IndexUnavailable, InterlockError
from solver.core.model import DRIVER, Profile
from solver.core.spelling import all_of


@click.command()
@click.argument("profiles", nargs=-1, shell_complete=known_profiles)
@NEWER
@click.option(
    "-P",
    OPTION,
    "packages",
    metavar="NAME",
    multiple=True,
    help="make this package newer; others stay",
)
@OFFLINE
@click.option("--check", is_flag=True, help="write nothing; exit 1 where a lock is not what would be written")
@JSON
@NO_LOADER
@click.option("--attest", is_flag=True, help="check and record who published each package (PEP 740)")
@click.option(
    "--pylock/--no-pylock",
    default=None,
    help="write pylock.toml too, asking the index for addresses; by default where they are at hand",
)
def lock(
    profiles: tuple[str, ...],
    live: bool,
    packages: tuple[str, ...],
    offline: bool,
    check: bool,
    as_json: bool,
    no_loader: bool,
    attest: bool,
    pylock: bool | None,
) -> None:
    """Make the locks of PROFILES, or of every profile, under locks/."""
    if check:
        project = open_project(Path(), no_loader=no_loader)
        states = {**check_locks(project, project.chosen(profiles)), **({} if profiles else orphans(project))}
        _check(states, as_json=as_json)
        return
    if as_json:
        raise BadInput("is known with --check alone", key="--json", fix="add --check, or leave it out")
    extent = reach(live=live, offline=offline, upgrade=bool(packages))
    if attest and extent is Reach.RECORD:
        raise BadInput("asks the index, so it contradicts --offline", key="--attest", fix="leave out one of them")
    with asking() as watch:
        project = open_project(Path(), reach=extent, watch=watch, no_loader=no_loader)
        chosen = project.chosen(profiles)
        if packages:
            project = settling(project, chosen, packages)
        written, failures = _write(project, chosen, packages, attested=attest)
    if not live and not packages:  # what else goes into a lock, the next `lock` would not take
        remember(project, written)
    if written:
        click.echo(_next(project, written))
    if no_loader and written:
        click.echo("the next `lock` leaves the loader out too where the request says loader: none", err=True)
    told = pylock is False or not written or _write_pylocks(project, written, asking=pylock is True)
    if failures or not told:
        sys.exit(failures[0].exit_code if failures else IndexUnavailable.exit_code)


def _write(
    project: Project, chosen: Sequence[Profile], packages: Sequence[str], *, attested: bool
) -> tuple[list[Lock], list[InterlockError]]:
    """Write and tell of each; those that there are, and why there are no others.

    Of ``packages``, and of what moved with them, it tells the versions.
    """
    failures: list[InterlockError] = []
    written: list[Lock] = []
    for outcome in write_locks(project, chosen, attested=attested):
        if isinstance(outcome, InterlockError):
            failures.append(outcome)
            click.echo(shown(f"interlock: {outcome}"), err=True)
            continue
        made, changed = outcome
        written.append(made)
        click.echo(f"{made.profile.name}: {summary(made)}{'' if changed else ' (unchanged)'}")
        if made.is_half:
            why = made.closure.conda.not_written
            click.echo(f"{made.profile.name}: conda chooses the builds of python and pip, since {why}", err=True)
        if made.closure.conda.unread:
            click.echo(f"{made.profile.name}: {_had_no_say(made.closure.conda.unread)}", err=True)
        for note in made.solution.notes:
            if note.package == DRIVER:
                click.echo(f"{made.profile.name}: {note.text}", err=True)
        for name in made.idle:
            click.echo(f"{made.profile.name}: {name} is accepted, and nothing was found of it", err=True)
        for line in moved(project, made, packages) if packages else ():
            click.echo(f"  {line}")
    return written, failures


def _had_no_say(channels: Sequence[str]) -> str:
    named = f"channel {channels[0]}" if len(channels) == 1 else f"channels {all_of(channels)}"
    return f"nothing is recorded of the {named}, so that the recorded others serve; --live asks all of them"


def _next(project: Project, written: Sequence[Lock]) -> str:
    """Where the files are, and the command that installs them."""
    places = [str(project.locks / made.profile.name) for made in written]
    first = written[0]
    command = f"interlock install {first.profile.name} PREFIX{' --python PYTHON' if first.is_half else ''}"
    shown = ", ".join(places) if len(places) <= _NAMED else str(project.locks)
    return f"written to {shown}; `{command}` installs {'it' if len(written) == 1 else 'one'}"


_NAMED = 3
"""Folders that are named one by one."""


def _check(states: Mapping[str, Freshness], *, as_json: bool) -> None:
    if as_json:
        rows = [{"profile": name, "state": one.word, "reasons": one.reasons} for name, one in states.items()]
        echo_json({"version": 1, "locks": msgspec.to_builtins(rows)})
    for name, freshness in () if as_json else states.items():
        click.echo(f"{name}: {'; '.join(freshness.reasons) or freshness.word}")
    answers = {freshness.answer for freshness in states.values()}
    if Answer.NO in answers:
        sys.exit(1)
    if Answer.NOT_KNOWN in answers:
        sys.exit(IndexUnavailable.exit_code)


def _write_pylocks(project: Project, written: Sequence[Lock], *, asking: bool) -> bool:
    """Write pylock.toml where addresses are at hand, or ``asking`` the index; whether nothing stood in the way."""
    try:
        write_pylocks(project, [made.profile.name for made in written], asking=asking)
    except IndexUnavailable as error:
        click.echo(shown(f"pylock.toml not written, it needs the index for addresses: {error}"), err=True)
        return False
    return True


@click.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(tuple(FORMATS)))
@click.argument("profile", shell_complete=known_profiles)
@click.option("--out", type=click.Path(path_type=Path), help="folder to write into (default: exports/PROFILE)")
@click.option("--compose", is_flag=True, help="with dockerfile: also a compose file that reserves the GPU")
def export(form: str, profile: str, out: Path | None, compose: bool) -> None:
    """Write another FORMAT of the lock of PROFILE."""
    if compose and not FORMATS[form].composes:
        others = ", ".join(name for name, one in FORMATS.items() if one.composes)
        raise BadInput(f"{form} has no compose file", key="--compose", fix=f"export {others}, or leave it out")
    for path in write_export(open_project(Path()), profile, form, out, compose=compose):
        click.echo(str(path))


@click.command()
@click.argument("profile", shell_complete=known_profiles)
@click.argument("prefix", type=click.Path(path_type=Path))
@click.option(
    "--folder", type=click.Path(exists=True, path_type=Path), help="take every file from here, not the network"
)
@click.option("--python", type=click.Path(exists=True, path_type=Path), help="make a plain venv of this interpreter")
@click.option("--with", "installer", type=click.Choice(("uv", "pip")), help="of the pip half; default: uv, or else pip")
@click.option("--no-driver-check", is_flag=True, help="install although no driver here serves the lock")
def install(
    profile: str,
    prefix: Path,
    folder: Path | None,
    python: Path | None,
    installer: Literal["uv", "pip"] | None,
    no_driver_check: bool,
) -> None:
    """Install the lock of PROFILE into a new PREFIX: driver first, every hash, whole or not at all."""
    made = install_lock(
        project_root(Path()),
        profile,
        prefix,
        folder=folder,
        python=python,
        installer=installer,
        check_driver=not no_driver_check,
    )
    click.echo(f"{made.prefix}: {made.conda} conda packages, {made.pip} packages by pip; python: {made.python}")
