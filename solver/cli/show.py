"""Answers as JSON and as text for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click
import msgspec

from solver.core.answer import Answer
from solver.core.axes import AXES
from solver.core.explanation import Explanation, Nearest
from solver.core.frameworks import distributions
from solver.core.model import DRIVER, Because, Note, Solution
from solver.core.spelling import all_of

Json = dict[str, Any]


def echo_json(data: object) -> None:
    """Print ``data`` as JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def solution_json(solution: Solution) -> Json:
    """The answer of solve: versions of the axes and of every package, with the reasons."""
    packages: dict[str, str | None] = {pin.name: pin.version for pin in solution.pins}
    return {
        "version": 1,
        "profile": solution.profile,
        "answer": Answer.YES.value,
        "target": msgspec.to_builtins(solution.target),
        "solution": {**{axis: solution.axes[axis] for axis in AXES}, **packages},
        "because": msgspec.to_builtins(solution.because),
        "notes": msgspec.to_builtins(solution.notes),
        "lockable": solution.lockable,
        "missing": list(solution.missing),
    }


def explanation_json(profile: str, explanation: Explanation) -> Json:
    """The answer of solve where there is no solution."""
    return {
        "version": 1,
        "profile": profile,
        "solution": None,
        "answer": explanation.answer.value,
        "causes": msgspec.to_builtins(explanation.causes),
        "nearest": msgspec.to_builtins(explanation.nearest),
        "note": explanation.note,
    }


class Claim(NamedTuple):
    """What a question is about: the words of its answer."""

    yes: str
    no: str


def claim_of(profile: str | None, requirements: Sequence[str]) -> Claim:
    """The claim about a profile, or about requirements alone."""
    if profile is not None:
        return Claim(f"{profile} has a solution", f"{profile} has no solution")
    named = ", ".join(requirements)
    if len(requirements) == 1:
        return Claim(f"{named} can be installed", f"{named} cannot be installed")
    return Claim(f"{named} can live together", f"{named} cannot live together")


def explanation_lines(claim: Claim, explanation: Explanation) -> Iterator[str]:
    """The answer, one line a cause, then what would work."""
    if explanation.answer is Answer.NO:
        yield f"no: {claim.no}, because"
    else:
        yield f"not known whether {claim.yes}, because"
    for cause in explanation.causes:
        yield f"  {cause.who}: {cause.asks}"
        yield f"      [{cause.source}]"
    if explanation.note:
        yield f"  ({explanation.note})"
    for near in explanation.nearest:
        short = "" if near.lockable else " (solvable, not lockable here)"
        yield f"would work: {' and '.join(near.changes)}{short}"
        yield f"    {axes_line(near)}"


def yes_lines(claim: Claim, solution: Solution, lockable: Nearest | None) -> Iterator[str]:
    """The answer where there is a solution, and beside one that cannot be locked the nearest that can be."""
    if solution.lockable:
        yield f"yes: {claim.yes}"
        return
    yield f"yes, but not lockable: {claim.yes}"
    yield f"  nobody read {all_of(solution.missing)}"
    if lockable is None:
        yield "nothing near can be locked"
    else:
        yield f"nearest lockable: {' and '.join(lockable.changes) or _other_versions(solution, lockable)}"
        yield f"    {axes_line(lockable)}"


def _other_versions(solution: Solution, near: Nearest) -> str:
    """What of a set within the same request is of another version."""
    chosen = {**solution.axes, "python": solution.target.python}
    pairs = ((axis, near.solution.get(axis), chosen.get(axis)) for axis in AXES)
    told = [
        f"{axis} {one or 'no more'}{f' for {other}' if other else ''}" for axis, one, other in pairs if one != other
    ]
    return f"with {', '.join(told)}" if told else "the same versions by other wheels"


def axes_line(near: Nearest) -> str:
    """The axes of a set, those that it has."""
    return ", ".join(f"{axis} {near.solution[axis]}" for axis in AXES if near.solution.get(axis))


def _package_lines(solution: Solution, reasons: Mapping[str, Because]) -> Iterator[str]:
    """Each package that comes by pip, or, where none does, each that comes by conda with its build."""
    if solution.pins or not reasons:
        yield f"  with {len(solution.pins)} packages:"
        for pin in solution.pins:
            yield f"    {pin.name}=={pin.version}  {_reason(reasons.get(pin.name))}"
        return
    yield f"  with {len(reasons)} packages by conda:"
    yield from (f"    {name} {reason.version}  {_reason(reason)}" for name, reason in reasons.items())


def solution_lines(solution: Solution) -> Iterator[str]:
    """The axes first, then each package with its reason, then notes and what is missing."""
    reasons = {item.package: item for item in solution.because}
    yield f"{solution.profile}: python {solution.target.python} on {solution.target.platform}"
    # What was made of the words of the request, before all that follows from it.
    yield from (_note_line(note) for note in solution.notes if note.package == DRIVER)
    for axis in list(AXES)[1:]:
        version = solution.axes[axis]
        if version:
            names = (*distributions(axis), *AXES[axis].conda)
            reason = next((reasons[name] for name in names if name in reasons), None)
            yield f"  {axis:<11} {version:<16} {_reason(reason)}"
    yield from _package_lines(solution, reasons)
    yield from (_note_line(note) for note in solution.notes if note.package != DRIVER)
    if solution.missing:
        yield "  solvable, not lockable here; nobody read:"
        yield from (f"    {text}" for text in solution.missing)


def _note_line(note: Note) -> str:
    return f"  note: {note.text}; {'evidence: ' + note.evidence if note.evidence else 'no evidence'}"


def _reason(item: Because | None) -> str:
    if item is None or not item.source:
        return ""
    row = f" [{item.row}]" if item.row else ""
    return f"{item.asked_by}: {item.source}{row}"
