"""solve, explain, diff: the search without writing anything."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from solver.cli.options import JSON, LIVE
from solver.cli.show import echo_json, explanation_json, explanation_lines, solution_json, solution_lines
from solver.commands.diff import diff_locks
from solver.commands.project import open_facts, open_project
from solver.commands.solve import solve_ad_hoc, solve_profile
from solver.commands.stack import explain_stack
from solver.core.answer import Answer
from solver.core.errors import BadInput, Unsolvable
from solver.core.model import Profile
from solver.request.adhoc import ad_hoc, constrained

CONSTRAINT = click.option("-c", "--constraint", "constraints", multiple=True, help="e.g. 'torch>=2.7', python==3.12")


@click.command()
@click.argument("profile", required=False)
@CONSTRAINT
@LIVE
@JSON
def solve(profile: str | None, constraints: tuple[str, ...], live: bool, as_json: bool) -> None:
    """Print the solution of PROFILE, or of the constraints alone, with the row behind each choice."""
    if profile is None and not constraints:
        raise BadInput("nothing is asked for", key="solve", fix="name a profile or give constraints: -c torch==2.9.1")
    try:
        if profile is not None:
            project = open_project(Path(), live=live)
            solution = solve_profile(project, constrained(project.profile(profile), constraints))
        else:
            matrices, index, _ = open_facts(Path(), live=live)
            solution = solve_ad_hoc(ad_hoc(constraints), matrices, index)
    except Unsolvable as error:
        if as_json:
            echo_json(explanation_json(profile or "ad hoc", error.explanation))
            sys.exit(error.exit_code)
        raise
    if as_json:
        echo_json(solution_json(solution))
    else:
        click.echo("\n".join(solution_lines(solution)))


@click.command()
@click.argument("what", nargs=-1)
@click.option("--profile", help="a profile of the request; a stack's pins are told one by one")
@CONSTRAINT
@LIVE
@JSON
def explain(
    what: tuple[str, ...], profile: str | None, constraints: tuple[str, ...], live: bool, as_json: bool
) -> None:
    """Tell whether WHAT can live together, e.g. `explain tensorflow==2.21.0 torch==2.13.0`; exit 1 if not."""
    requirements = [*what, *constraints]
    if profile is not None:
        project = open_project(Path(), live=live)
        question = constrained(project.profile(profile), requirements)
        if question.stack and not as_json:
            click.echo("\n".join(explain_stack(project, question)))
        matrices, index = project.matrices, project.index
    elif requirements:
        matrices, index, _ = open_facts(Path(), live=live)
        question = ad_hoc(requirements)
    else:
        raise BadInput("nothing is asked for", key="explain", fix="name packages: tensorflow==2.21.0 torch==2.13.0")
    try:
        solution = solve_ad_hoc(question, matrices, index) if profile is None else solve_profile(project, question)
    except Unsolvable as error:
        if as_json:
            echo_json(explanation_json(question.name, error.explanation))
        else:
            click.echo("\n".join(explanation_lines(_heading(question, requirements), error.explanation)))
        sys.exit(error.exit_code if error.explanation.answer is Answer.NOT_KNOWN else 1)
    echo_json(solution_json(solution)) if as_json else click.echo("\n".join(solution_lines(solution)))


def _heading(profile: Profile, requirements: list[str]) -> str:
    return profile.name if profile.name != "ad hoc" else ", ".join(requirements)


@click.command()
@click.argument("one")
@click.argument("other")
@JSON
def diff(one: str, other: str, as_json: bool) -> None:
    """What lock OTHER has less, more and else than lock ONE, in packages and bytes."""
    project = open_project(Path())
    lines, data = diff_locks(project, one, other)
    echo_json(data) if as_json else click.echo("\n".join(lines))
