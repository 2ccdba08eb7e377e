"""pairs: TensorFlow x torch, ours beside another resolver's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from solver.cli.options import JSON
from solver.cli.show import Json, echo_json, explanation_json, solution_json
from solver.commands.pairs import Comparison, PairOutcome, compare_pairs
from solver.commands.project import project_root
from solver.core.answer import Answer
from solver.core.explanation import Explanation
from solver.matrix.libraries import LOADER


@click.command()
@click.option("--uv", "ask_uv", is_flag=True, help="ask the installed uv now instead of printing what was recorded")
@JSON
def pairs(ask_uv: bool, as_json: bool) -> None:
    """Search every known TensorFlow x torch pair, beside what `uv pip compile` makes of it."""
    comparison = compare_pairs(project_root(Path()), ask_uv=ask_uv)
    if as_json:
        echo_json([_json(outcome) for outcome in comparison.outcomes])
        return
    _table(comparison.outcomes)
    _totals(comparison)


def _json(outcome: PairOutcome) -> Json:
    if outcome.solution is not None:
        data = solution_json(outcome.solution)
    else:
        assert outcome.explanation is not None
        data = explanation_json("ad hoc", outcome.explanation)
    return {
        **data,
        "healed": outcome.healed,
        "tensorflow": outcome.pair.tensorflow,
        "torch": outcome.pair.torch,
        "uv": outcome.pair.uv,
    }


def _table(outcomes: Sequence[PairOutcome]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("tensorflow", "torch", "python", "interlock", "uv pip compile", box=None, pad_edge=False)
    for outcome in outcomes:
        pair = outcome.pair
        table.add_row(pair.tensorflow, pair.torch, pair.python, _sentence(outcome), pair.uv)
    Console(highlight=False, width=None if Console().is_terminal else 160).print(table)


def _sentence(outcome: PairOutcome) -> str:
    solution = outcome.solution
    if solution is None:
        assert outcome.explanation is not None
        return _reasons(outcome.explanation)
    built = f"torch {solution.axes['torch']}, CUDA {solution.axes['cuda']}, cuDNN {solution.axes['cudnn']}"
    healed = f", healed by {LOADER}" if outcome.healed else ""
    return f"yes: {built}{healed}" + ("" if solution.lockable else " (solvable, not lockable here)")


def _reasons(explanation: Explanation) -> str:
    """Two causes of different packages, and how many more there are."""
    by_package: dict[str, str] = {}
    for cause in explanation.causes:
        if cause.package is not None:
            by_package.setdefault(cause.package, f"{cause.who}: {cause.asks}")
    more = len(by_package) - 2
    reasons = "; ".join(list(by_package.values())[:2]) + (f"; and {more} more" if more > 0 else "")
    return f"{explanation.answer.value}: {reasons}"


def _totals(comparison: Comparison) -> None:
    outcomes = comparison.outcomes
    ours = Counter(map(_kind, outcomes))
    theirs = Counter(outcome.pair.uv for outcome in outcomes)
    unknown = f", {ours['not known']} not known" if ours["not known"] else ""
    lockable = f"{ours['lockable']} lockable, {ours['solvable']} solvable but not lockable here"
    click.echo(
        f"\n{len(outcomes)} pairs. interlock: {lockable}, {ours['explained']} explained{unknown}. "
        f"uv: {theirs['clean']} clean, {theirs['twin CUDA majors']} with twin CUDA majors, {theirs['none']} none "
        f"({comparison.uv_source})."
    )


def _kind(outcome: PairOutcome) -> str:
    if outcome.solution is not None:
        return "lockable" if outcome.solution.lockable else "solvable"
    known = outcome.explanation is None or outcome.explanation.answer is Answer.NO
    return "explained" if known else "not known"
