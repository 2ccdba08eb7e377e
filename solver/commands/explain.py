"""explain: whether packages can live together, what a stack's lock makes of its pins, and why there is no set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from solver.commands.project import Project, Reach, open_facts, open_project
from solver.commands.remarks import with_remarks
from solver.commands.solve import solve_profile
from solver.commands.stack import explain_stack
from solver.core.answer import Answer
from solver.core.axes import AXES
from solver.core.errors import Unsolvable
from solver.core.explanation import Explanation, Nearest
from solver.core.flavours import FLAVOURS
from solver.core.model import Note, Profile, Solution
from solver.core.spelling import all_of
from solver.index.layered import Watch
from solver.matrix.libraries import LOADER
from solver.request.adhoc import ad_hoc, constrained
from solver.request.loader import without_loader
from solver.solve.search import nearest_lockable, solve
from solver.solve.space.packages import Spaces


@dataclass(frozen=True)
class Reply:
    """What came of a question."""

    profile: str
    """Name of the profile, or of the one that requirements alone make."""
    stack: tuple[str, ...]
    """A line each, what the lock makes of the pins of the profile's stack; empty where none is told."""
    outcome: Solution | Explanation
    lockable: Nearest | None = None
    """The nearest set that can be locked; None: the solution can be locked itself, or there is no such set."""


def explain(
    root: Path,
    name: str | None,
    requirements: Sequence[str],
    *,
    reach: Reach = Reach.RECORD,
    watch: Watch | None = None,
    with_stack: bool = False,
    no_loader: bool = False,
) -> Reply:
    """Search the profile called ``name`` with further requirements, or the requirements alone where it is None.

    ``with_stack`` tells of the profile's stack, too; ``no_loader``: as if it said ``loader: none``.
    Raises ``BadInput``, and ``Unsolvable`` where there is no lock to compare a stack with.
    """
    if name is None:
        matrices, index, snapshot = open_facts(root, reach=reach, watch=watch)
        question, spaces = ad_hoc(requirements, matrices, snapshot.bindings), Spaces(matrices, index)
        question = without_loader(question) if no_loader else question
        outcome = _outcome(lambda: with_remarks(solve(question, spaces), matrices, index))
        short = isinstance(outcome, Solution) and not outcome.lockable
        return Reply(question.name, (), outcome, nearest_lockable(question, spaces) if short else None)
    project = open_project(root, reach=reach, watch=watch, no_loader=no_loader)
    profile = constrained(project.profile(name), requirements, project.matrices)
    stack = explain_stack(project, profile) if with_stack and profile.stack else ()
    outcome = _outcome(
        lambda: with_remarks(solve_profile(project, profile), project.matrices, project.index, profile.loader)
    )
    if profile.loader != "wheel":
        outcome = _with_cost(outcome, _outcome(lambda: solve_profile(project, replace(profile, loader="wheel"))))
    outcome = _with_newer(outcome, project, profile)
    return Reply(name, tuple(stack), outcome)


def _with_newer(outcome: Solution | Explanation, project: Project, profile: Profile) -> Solution | Explanation:
    """``outcome`` of conda's channels with what they lack for a newer framework, where that was merely not recorded."""
    if isinstance(outcome, Explanation) or FLAVOURS[profile.flavour].from_pip:
        return outcome
    notes = list(outcome.notes)
    for framework in profile.frameworks:
        version = outcome.axes.get(framework)
        pinned = "==" in profile.constraints.get(framework, "")
        if version is None or pinned:
            continue
        newer = constrained(profile, [f"{framework}>{version}"], project.matrices)
        other = _outcome(partial(solve_profile, project, newer))
        if isinstance(other, Explanation) and other.answer is Answer.NOT_KNOWN and other.note is not None:
            text = f"newer than {framework} {version}: {other.note}"
            notes.append(Note(package=framework, text=text, row=None, evidence=None))
    return replace(outcome, notes=tuple(notes))


def _with_cost(outcome: Solution | Explanation, other: Solution | Explanation) -> Solution | Explanation:
    """``outcome`` without our loader, with what the set would be with it."""
    if isinstance(other, Explanation):
        return outcome
    axes = {} if isinstance(outcome, Explanation) else outcome.axes
    gained = [f"{AXES[axis].title} {version}" for axis, version in other.axes.items() if version != axes.get(axis)]
    if not gained:
        return outcome
    text = f"with our loader wheel (loader: wheel) the set would have {all_of(map(str, gained))}"
    if isinstance(outcome, Explanation):
        return replace(outcome, note="; ".join(filter(None, (outcome.note, text))))
    return replace(outcome, notes=(*outcome.notes, Note(package=LOADER, text=text, row=None, evidence=None)))


def _outcome(search: Callable[[], Solution]) -> Solution | Explanation:
    try:
        return search()
    except Unsolvable as error:
        return error.explanation
