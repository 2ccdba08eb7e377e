"""solve, explain, diff: the search without writing anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from solver.cli.asking import asking
from solver.cli.differences import differences_as_json as differences_json
from solver.cli.differences import markdown_lines, text_lines
from solver.cli.options import DRIVER, GPU, JSON, NEWER, NO_LOADER, OFFLINE, known_profiles, on_machine, reach
from solver.cli.show import (
    Claim,
    Json,
    claim_of,
    echo_json,
    explanation_json,
    explanation_lines,
    solution_json,
    solution_lines,
    yes_lines,
)
from solver.commands.diff import diff_locks
from solver.commands.explain import Reply
from solver.commands.explain import explain as explain_request
from solver.commands.project import project_root
from solver.commands.solve import solve_request
from solver.core.answer import Answer
from solver.core.errors import BadInput, Undecided, Unsolvable
from solver.core.explanation import Explanation
from solver.core.model import Solution

CONSTRAINT = click.option("-c", "--constraint", "constraints", multiple=True, help="e.g. 'torch>=2.7', python==3.12")


@click.command()
@click.argument("profile", required=False, shell_complete=known_profiles)
@CONSTRAINT
@GPU
@DRIVER
@NEWER
@OFFLINE
@NO_LOADER
@JSON
def solve(
    profile: str | None,
    constraints: tuple[str, ...],
    gpus: tuple[str, ...],
    driver: str | None,
    live: bool,
    offline: bool,
    no_loader: bool,
    as_json: bool,
) -> None:
    """Print the solution of PROFILE, or of the constraints alone, with the row behind each choice.

    The index is asked for what no record holds; nothing of that is kept in the project.
    """
    constraints = (*constraints, *on_machine(gpus, driver))
    if profile is None and not constraints:
        raise BadInput("nothing is asked for", key="solve", fix="name a profile or give constraints: -c torch==2.9.1")
    try:
        with asking() as watch:
            extent = reach(live=live, offline=offline)
            root = project_root(Path())
            solution = solve_request(root, profile, constraints, reach=extent, watch=watch, no_loader=no_loader)
    except Unsolvable as error:
        if as_json:
            echo_json(explanation_json(error.profile, error.explanation))
            sys.exit(error.exit_code)
        raise
    if as_json:
        echo_json(solution_json(solution))
    else:
        click.echo("\n".join(solution_lines(solution)))


@click.command()
@click.argument("what", nargs=-1)
@click.option(
    "--profile", shell_complete=known_profiles, help="a profile of the request; a stack's pins are told one by one"
)
@CONSTRAINT
@GPU
@DRIVER
@NEWER
@OFFLINE
@NO_LOADER
@JSON
def explain(
    what: tuple[str, ...],
    profile: str | None,
    constraints: tuple[str, ...],
    gpus: tuple[str, ...],
    driver: str | None,
    live: bool,
    offline: bool,
    no_loader: bool,
    as_json: bool,
) -> None:
    """Tell whether WHAT can live together, e.g. `explain tensorflow==2.21.0 torch==2.13.0`; exit 1 if not.

    The index is asked for what no record holds; nothing of that is kept in the project.
    """
    requirements = (*what, *constraints, *on_machine(gpus, driver))
    if profile is None and not requirements:
        raise BadInput("nothing is asked for", key="explain", fix="name packages: tensorflow==2.21.0 torch==2.13.0")
    extent = reach(live=live, offline=offline)
    with asking() as watch:
        reply = explain_request(
            project_root(Path()),
            profile,
            requirements,
            reach=extent,
            with_stack=not as_json,
            watch=watch,
            no_loader=no_loader,
        )
    outcome = reply.outcome
    if as_json:
        echo_json(_reply_json(reply))
    else:
        click.echo("\n".join(_reply_lines(reply, claim_of(profile, requirements))))
    if isinstance(outcome, Explanation):
        sys.exit(Undecided.exit_code if outcome.answer is Answer.NOT_KNOWN else 1)


def _reply_json(reply: Reply) -> Json:
    if isinstance(reply.outcome, Explanation):
        return explanation_json(reply.profile, reply.outcome)
    nearest = () if reply.lockable is None else (reply.lockable,)
    return {**solution_json(reply.outcome), "nearest": msgspec.to_builtins(nearest)}


def _reply_lines(reply: Reply, claim: Claim) -> Iterator[str]:
    if isinstance(reply.outcome, Solution):
        yield from yes_lines(claim, reply.outcome, reply.lockable)
        yield from reply.stack
        yield from solution_lines(reply.outcome)
    else:
        yield from explanation_lines(claim, reply.outcome)
        yield from reply.stack


@click.command()
@click.argument("one")
@click.argument("other", required=False)
@click.option("--markdown", is_flag=True, help="print a table for a pull request")
@JSON
def diff(one: str, other: str | None, markdown: bool, as_json: bool) -> None:
    """What lock OTHER has less, more and else than lock ONE, in packages and bytes.

    Each is a profile, a folder that holds a lock, or REVISION:PROFILE of git; `REVISION:` means every lock, and
    without OTHER what lies here is compared.
    """
    differences = diff_locks(Path(), one, other)
    if as_json:
        echo_json(differences_json(differences))
    else:
        click.echo("\n".join((markdown_lines if markdown else text_lines)(differences)))
