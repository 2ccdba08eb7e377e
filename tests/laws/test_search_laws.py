"""The search against a second judge that tries everything, on small generated problems."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from drawing import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solver.solve.exhaust import exhaust
from solver.solve.explain import find_core
from solver.solve.optimise import Optimiser
from solver.solve.propagate import Narrowing
from solver.solve.provider import search
from solver.solve.space.terms import Ask, Candidate

NAMES = "abcdef"
Asked = tuple[str, int]


@dataclass(frozen=True)
class Problem:
    """Per package, per version (newest first), what it asks: (package, mask of versions)."""

    packages: dict[str, list[list[Asked]]]
    roots: list[Asked]
    axes: list[str]

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        return tuple(Candidate(ident, i, str(len(self.packages[ident]) - i)) for i in range(len(self.packages[ident])))

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        asked = self.packages[candidate.ident][candidate.position]
        return tuple(Ask(name, mask, f"{name}:{mask}", candidate.name) for name, mask in asked)

    def root_asks(self) -> list[Ask]:
        return [Ask(name, mask, f"{name}:{mask}", "the request") for name, mask in self.roots]


class CachedProblem:
    """Candidates compare by identity, so a space makes each once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._made = {name: problem.candidates(name) for name in problem.packages}

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        return self._made.get(ident, ())

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        return self.problem.asks(candidate)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    names = NAMES[: draw(st.integers(2, 5))]
    counts = {name: draw(st.integers(1, 4)) for name in names}

    def asked(own: str) -> st.SearchStrategy[list[Asked]]:
        others = [name for name in names if name != own]
        one = st.sampled_from(others).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2 ** counts[n] - 1)))
        return st.lists(one, max_size=2, unique_by=lambda pair: pair[0])

    packages = {name: [draw(asked(name)) for _ in range(counts[name])] for name in names}
    rooted = draw(st.lists(st.sampled_from(list(names)), min_size=1, max_size=2, unique=True))
    roots = [(name, draw(st.integers(1, 2 ** counts[name] - 1))) for name in rooted]
    axes = draw(st.lists(st.sampled_from(list(names)), max_size=3, unique=True))
    return Problem(packages, roots, axes)


def every_solution(problem: Problem) -> list[dict[str, int]]:
    """All sets, as positions, that meet every ask and hold nothing that nobody asks for."""
    names = sorted(problem.packages)
    found = []
    for combination in itertools.product(*[[None, *range(len(problem.packages[name]))] for name in names]):
        chosen = {name: position for name, position in zip(names, combination, strict=True) if position is not None}
        asked = [*problem.roots, *(ask for name, at in chosen.items() for ask in problem.packages[name][at])]
        if all(name in chosen and mask >> chosen[name] & 1 for name, mask in asked):
            reached, queue = set(), [name for name, _ in problem.roots]
            while queue:
                name = queue.pop()
                if name not in reached:
                    reached.add(name)
                    queue += [other for other, _ in problem.packages[name][chosen[name]]]
            if reached == set(chosen):
                found.append(chosen)
    return found


def preferred(problem: Problem, solutions: list[dict[str, int]]) -> dict[str, int] | None:
    """Axes first where every solution holds them; then whatever the request or anything decided asks for.

    A decided axis counts although nothing decided may lead to it from the request; axes go before packages,
    packages by name.
    """
    if not solutions:
        return None
    decided: list[str] = []

    def decide(name: str) -> None:
        nonlocal solutions
        decided.append(name)
        newest = min(chosen[name] for chosen in solutions)
        solutions = [chosen for chosen in solutions if chosen[name] == newest]

    for axis in problem.axes:
        if all(axis in chosen for chosen in solutions):
            decide(axis)
    while True:
        asked = {name for name, _ in problem.roots}
        asked |= {name for at in decided for name, _ in problem.packages[at][solutions[0][at]]}
        waiting = sorted(asked - set(decided), key=lambda n: (n not in problem.axes, _turn(problem, n), n))
        if not waiting:
            return solutions[0]
        decide(waiting[0])


def _turn(problem: Problem, name: str) -> int:
    return problem.axes.index(name) if name in problem.axes else 0


def run(problem: Problem) -> dict[str, int] | None:
    best = Optimiser(CachedProblem(problem), problem.root_asks(), problem.axes).best()
    return None if best is None else {name: candidate.position for name, candidate in best.items()}


AN_AXIS_ASKS = Problem(
    packages={
        "a": [[]],
        "b": [[], [("c", 1)], []],
        "c": [[], []],
        "d": [[("c", 2), ("e", 1)], [("e", 1)]],
        "e": [[("b", 6)]],
    },
    roots=[("a", 1), ("d", 3)],
    axes=["e"],
)
"""The axis e is decided first and asks for b, so b has its turn before d, which alone needs e."""


@settings(max_examples=examples(3000), deadline=None)
@given(problems())
@example(AN_AXIS_ASKS)
def test_the_search_agrees_with_trying_everything(problem: Problem) -> None:
    assert run(problem) == preferred(problem, every_solution(problem))


def test_what_a_decided_axis_asks_for_has_its_turn() -> None:
    assert run(AN_AXIS_ASKS) == {"a": 0, "b": 1, "c": 0, "d": 1, "e": 0}


@settings(max_examples=examples(1000), deadline=None)
@given(problems())
def test_the_last_word_on_impossible_is_true(problem: Problem) -> None:
    space = CachedProblem(problem)
    narrowing = Narrowing(space)
    narrowing.add(problem.root_asks())
    found = exhaust(space, narrowing)
    every = every_solution(problem)
    if found is None:
        assert not every
    else:
        assert {name: candidate.position for name, candidate in found.items()} in every


@settings(max_examples=examples(500), deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(problem: Problem, random) -> None:
    names = list(problem.packages)
    random.shuffle(names)
    roots = list(problem.roots)
    random.shuffle(roots)
    shuffled = Problem(
        {name: [list(reversed(asked)) for asked in problem.packages[name]] for name in names}, roots, problem.axes
    )
    assert run(shuffled) == run(problem)


@settings(max_examples=examples(500), deadline=None)
@given(problems())
def test_taking_an_ask_of_the_request_away_never_makes_it_impossible(problem: Problem) -> None:
    if run(problem) is not None:
        for i in range(len(problem.roots)):
            rest = Problem(problem.packages, problem.roots[:i] + problem.roots[i + 1 :], problem.axes)
            assert run(rest) is not None


@settings(max_examples=examples(1000), deadline=None)
@given(problems())
def test_an_explanation_is_true_and_nothing_in_it_can_be_left_out(problem: Problem) -> None:
    space = CachedProblem(problem)
    core = find_core(space, problem.root_asks(), {})
    if core is None:
        assert every_solution(problem)
        return
    assert not every_solution(problem)
    assert search(space, core.asks, {}, active=core.active) is None
    for ask in core.asks:
        assert search(space, [a for a in core.asks if a is not ask], {}, active=core.active) is not None
    for name, targets in core.active.items():
        for target in targets:
            fewer = {**core.active, name: targets - {target}}
            assert search(space, core.asks, {}, active=fewer) is not None
