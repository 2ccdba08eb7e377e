"""Search, audit and prediction judge apart from one another, and what the one says yes to the others never deny."""

from __future__ import annotations

from typing import Any

import msgspec
from audit_stubs import pinned
from drawing import examples
from drawn_world import Problem, near_problems, problems, read
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from solver.audit.run import audit
from solver.core.answer import Answer
from solver.core.errors import BadInput
from solver.core.model import Finding, Solution
from solver.matrix.libraries import LOADER
from solver.proof.predict import predict
from solver.proof.prediction import Prediction
from solver.solve.search import find
from solver.solve.space.packages import Spaces

FIELDS: dict[str, list[Any]] = {
    "cuda": ["12.4", "12.4", "12.8", "13.0", "none"],
    "cudnn": ["9.1", "9.4", "none"],
    "bundles": [False, True],
    "opens": [["cudart"], ["cudnn", "cudart"], []],
    "runpath": [[], ["xcudart.8", "xcudnn.8", "xcudart.9", "xcudnn.9"]],
    "sm": [["8.0", "9.0"], ["8.0", "9.0"], ["8.0"], ["10.0"]],
    "ptx": [[], ["8.0"]],
    "driver": ["525.60.13", "525.60.13", "590.0"],
}
"""Fields of a build of a package that is no framework; each may also be unread."""
kits = st.lists(
    st.tuples(
        st.fixed_dictionaries({name: st.sampled_from([*values, *values, None]) for name, values in FIELDS.items()}),
        st.sampled_from([{}, {"torch": ">=2.6"}, {"torch": "<2.6"}, {"numpy": "<2"}]),
        st.sampled_from([[], ["runtime-cu12", "cudnn-cu12"], ["runtime-cu12"], ["runtime", "cudnn-cu13"]]),
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def gpu_problems(draw: st.DrawFn) -> Problem:
    """A problem on a GPU, in whose world rows alone tell of another package with GPU code."""
    problem, kit = draw(st.one_of(problems, near_problems)), draw(kits)
    told = {"cuda": [12, 13], "soname": "cudnn.9", "gpus": ["8.0", "8.6", "9.0"], "forward": []}
    problem.world.add_row("cudnn", ">=9,<10", **told)
    for number, (fields, needs, requires) in enumerate(kit, 1):
        problem.world.add_row("builds", f"{number}.0", package="gpukit", needs=needs, **read(fields))
        releases = problem.world.releases.setdefault("gpukit", [])
        releases.append(problem.world.release("gpukit", f"{number}.0", {"requires": requires}))
    target = msgspec.structs.replace(
        problem.profile.target, driver=problem.profile.target.driver or "580.65.06", gpus=("9.0",)
    )
    cuda = "" if problem.profile.cuda == "none" else problem.profile.cuda
    packages = (*problem.profile.packages, *(["gpukit"] if draw(st.integers(0, 3)) else []))
    return Problem(problem.world, msgspec.structs.replace(problem.profile, target=target, cuda=cuda, packages=packages))


def solved(problem: Problem) -> Solution | None:
    try:
        return find(problem.profile, Spaces(problem.world.matrices(), problem.world.index()), lockable_only=False)
    except BadInput:
        return None


def pins_of(solution: Solution) -> dict[str, str]:
    return {str(pin.name): pin.version for pin in solution.pins} | {LOADER: "1"}


def errors(problem: Problem, solution: Solution, pins: dict[str, str]) -> list[Finding]:
    packages = pinned(*(f"{name}=={version}" for name, version in pins.items()))
    found = audit(packages, problem.world.matrices(), problem.world.index(), solution.target)
    return [one for one in found if one.severity == "error"]


def foretold(problem: Problem, solution: Solution, pins: dict[str, str]) -> Prediction:
    target = solution.target
    matrices = problem.world.matrices()
    return predict(pins, target.gpus[0], target.driver or "", matrices, python=target.python)


@settings(max_examples=examples(250))
@given(gpu_problems())
def test_what_the_search_admits_no_audit_breaks_and_no_prediction_denies(problem: Problem) -> None:
    solution = solved(problem)
    assume(solution is not None)
    pins = pins_of(solution)
    assert errors(problem, solution, pins) == []
    prediction = foretold(problem, solution, pins)
    assert [name for name, answer in prediction.probes.items() if answer is Answer.NO] == []
    assert prediction.works is not Answer.NO


@settings(max_examples=examples(250))
@given(gpu_problems(), st.integers(0, 3), st.integers(0, 2))
def test_what_the_audit_calls_broken_nobody_foretells_to_work(problem: Problem, place: int, other: int) -> None:
    solution = solved(problem)
    assume(solution is not None)
    pins = pins_of(solution)
    name = sorted(pins, key=lambda name: (name != "gpukit", name))[place % len(pins)]
    versions = [release.version for release in problem.world.releases.get(name, ())] or [pins[name]]
    pins[name] = versions[other % len(versions)]
    # What metadata ask for and which python a wheel is for is pip's to check, and no prediction reads it.
    broken = [one for one in errors(problem, solution, pins) if one.code not in ("metadata", "python-tag")]
    if broken:
        assert foretold(problem, solution, pins).works is not Answer.YES
