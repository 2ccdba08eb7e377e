"""The table of `interlock pairs`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import msgspec

from solver.cli.show import Json, echo_json, explanation_json, solution_json
from solver.commands.pairs import Answer, Pair, answers, recorded_pairs
from solver.commands.pairs import ask_uv as uv_says
from solver.commands.project import open_facts
from solver.core.model import REQUEST


def show_pairs(root: Path, *, ask_uv: bool, as_json: bool) -> None:
    """Search the recorded pairs and print them beside uv's answers."""
    matrices, index, _ = open_facts(root)
    recorded = recorded_pairs()
    pairs: list[Pair] = [msgspec.structs.replace(pair, uv=uv_says(pair)) if ask_uv else pair for pair in recorded.pairs]
    found = list(answers(pairs, matrices, index))
    if as_json:
        echo_json([_json(answer) for answer in found])
        return
    _table(found)
    _totals(found, "asked now" if ask_uv else recorded.asked)


def _json(answer: Answer) -> Json:
    if answer.solution is not None:
        data = solution_json(answer.solution)
    else:
        assert answer.explanation is not None
        data = explanation_json("ad hoc", answer.explanation)
    return {**data, "tensorflow": answer.pair.tensorflow, "torch": answer.pair.torch, "uv": answer.pair.uv}


def _table(found: list[Answer]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("tensorflow", "torch", "python", "interlock", "uv pip compile", box=None, pad_edge=False)
    for answer in found:
        pair = answer.pair
        table.add_row(pair.tensorflow, pair.torch, pair.python, _told(answer), pair.uv)
    Console(highlight=False, width=None if Console().is_terminal else 160).print(table)


def _told(answer: Answer) -> str:
    solution = answer.solution
    if solution is None:
        assert answer.explanation is not None
        told: dict[str, str] = {}
        for cause in answer.explanation.causes:
            if cause.who != REQUEST:
                told.setdefault(cause.who.split()[0], f"{cause.who}: {cause.asks}")
        more = len(told) - 2
        return f"no: {'; '.join(list(told.values())[:2])}" + (f"; and {more} more" if more > 0 else "")
    built = f"torch {solution.axes['torch']}, CUDA {solution.axes['cuda']}, cuDNN {solution.axes['cudnn']}"
    return f"yes: {built}" + ("" if solution.lockable else " (solvable, not lockable here)")


def _totals(found: list[Answer], asked: str) -> None:
    ours = Counter("none" if a.solution is None else "lockable" if a.solution.lockable else "solvable" for a in found)
    theirs = Counter(answer.pair.uv for answer in found)
    click.echo(
        f"\n{len(found)} pairs. interlock: {ours['lockable']} lockable, {ours['solvable']} solvable but not lockable "
        f"here, {ours['none']} explained. uv: {theirs['clean']} clean, {theirs['twin CUDA majors']} with twin CUDA "
        f"majors, {theirs['none']} none ({asked})."
    )
