"""The search over whole matrices and indexes, against a second judge that tries everything."""

from __future__ import annotations

import random as randomness
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from drawing import examples
from drawn_world import Problem, near_problems, problems
from hypothesis import given, settings
from hypothesis import strategies as st
from search_world import World
from second_judge import Judge

from solver.core.answer import Answer
from solver.core.errors import BadInput
from solver.core.model import Profile, Solution
from solver.lock.requirements import requirement_lines, requirements_txt
from solver.lock.solution import digest, solution_yaml
from solver.solve.search import explain_none, find
from solver.solve.space.packages import Spaces


def search(problem: Problem, *, lockable_only: bool) -> Solution | None:
    spaces = Spaces(problem.world.matrices(), problem.world.index())
    if not Judge(problem.profile, spaces.matrices, problem.world.releases).pythons():
        with pytest.raises(BadInput):
            find(problem.profile, spaces, lockable_only=lockable_only)
        return None
    return find(problem.profile, spaces, lockable_only=lockable_only)


def told(solution: Solution | None) -> dict[str, str] | None:
    if solution is None:
        return None
    axes = {name: version for name in ("cuda", "cudnn", "python") if (version := solution.axes[name])}
    return axes | {str(pin.name): pin.version for pin in solution.pins}


def judged(problem: Problem, *, lockable_only: bool) -> dict[str, str] | None:
    judge = Judge(problem.profile, problem.world.matrices(), problem.world.releases)
    found = judge.preferred(lockable_only=lockable_only)
    return None if found is None else {name: version for name, version in found.items() if version != "none"}


@settings(max_examples=examples(2500), deadline=None)
@given(problems, st.booleans())
def test_the_search_agrees_with_trying_everything(problem: Problem, lockable_only: bool) -> None:
    assert told(search(problem, lockable_only=lockable_only)) == judged(problem, lockable_only=lockable_only)


def shuffled(problem: Problem, seed: int) -> Problem:
    """The same facts in another order."""
    random, world = randomness.Random(seed), World()

    def mixed(some: Any) -> list[Any]:
        some = list(some)
        random.shuffle(some)
        return some

    for attribute, rows in mixed(problem.world.rows.items()):
        world.rows[attribute] = dict(mixed(rows.items()))
    for name, releases in mixed(problem.world.releases.items()):
        world.releases[name] = [
            msgspec.structs.replace(
                one, files=tuple(mixed(one.files)), requires=one.requires and tuple(mixed(one.requires))
            )
            for one in mixed(releases)
        ]
    constraints = dict(mixed(problem.profile.constraints.items()))
    changed = {"constraints": constraints, "packages": tuple(mixed(problem.profile.packages))}
    return Problem(world, msgspec.structs.replace(problem.profile, **changed))


def lock_bytes(problem: Problem, solution: Solution) -> bytes:
    text = requirements_txt(solution, requirement_lines(solution), "interlock lock drawn")
    rows = {row.id: problem.world.matrices().digest(row.id) for row in problem.world.matrices().rows()}
    facts = {f"{pin.name}=={pin.version}": digest((pin.files, pin.requires)) for pin in solution.pins}
    why = solution_yaml(
        solution, problem.profile, lock_digest="", rows=rows, index_facts=facts, command="interlock lock drawn"
    )
    return (text + why).encode()


@settings(max_examples=examples(600), deadline=None)
@given(problems, st.integers(0, 1000))
def test_the_order_of_rows_and_releases_changes_no_byte_of_the_lock(problem: Problem, seed: int) -> None:
    other = shuffled(problem, seed)
    solution, again = search(problem, lockable_only=True), search(other, lockable_only=True)
    assert solution == again
    if solution is not None and again is not None:
        assert lock_bytes(other, again).splitlines() == lock_bytes(problem, solution).splitlines()


def loosened(profile: Profile) -> Iterator[Profile]:
    """``profile`` with one thing less asked for."""
    change = msgspec.structs.replace
    for name in profile.constraints:
        rest = {other: specifier for other, specifier in profile.constraints.items() if other != name}
        yield change(profile, constraints=rest)
    for package in profile.packages:
        yield change(profile, packages=tuple(other for other in profile.packages if other != package))
    if profile.target.gpus:
        yield change(profile, target=change(profile.target, gpus=()))
    if profile.cuda not in ("", "none"):
        yield change(profile, cuda="")
    if profile.target.driver:
        yield change(profile, target=change(profile.target, driver="999.0"))
    yield change(profile, python="")
    yield change(profile, indexes=("default", "pytorch"))


@settings(max_examples=examples(300), deadline=None)
@given(problems)
def test_asking_for_less_never_makes_it_impossible(problem: Problem) -> None:
    if search(problem, lockable_only=False) is not None:
        for profile in loosened(problem.profile):
            assert search(Problem(problem.world, profile), lockable_only=False) is not None, profile


def answered(problem: Problem) -> Answer:
    """Whether a problem has a solution that can be locked, as ``explain`` says it."""
    if search(problem, lockable_only=True) is not None:
        return Answer.YES
    return explain_none(
        problem.profile, Spaces(problem.world.matrices(), problem.world.index()), lockable_only=True
    ).answer


def fewer(world: World, kind: str, key: str) -> World:
    """``world`` without one of its rows."""
    poorer = World()
    poorer.rows = {
        name: {k: row for k, row in rows.items() if (name, k) != (kind, key)} for name, rows in world.rows.items()
    }
    poorer.releases = world.releases
    return poorer


@settings(max_examples=examples(600), deadline=None)
@given(near_problems, st.integers(0, 1000))
def test_without_a_row_nothing_becomes_impossible(problem: Problem, number: int) -> None:
    rows = [(kind, key) for kind, rows in problem.world.rows.items() for key in rows if kind != "rules"]
    if answered(problem) is not Answer.NO:
        poorer = fewer(problem.world, *rows[number % len(rows)])
        assert answered(Problem(poorer, problem.profile)) is not Answer.NO


def without_release(world: World, name: str, version: str | None) -> World:
    """``world`` with a poorer record: one release of a package less, or all of it (None)."""
    poorer = World()
    poorer.rows = world.rows
    poorer.releases = dict(world.releases)
    poorer.releases[name] = [release for release in world.releases[name] if release.version != version]
    if version is None:
        del poorer.releases[name]
    return poorer


@settings(max_examples=examples(600), deadline=None)
@given(problems, st.integers(0, 1000))
def test_without_a_record_nothing_becomes_impossible(problem: Problem, number: int) -> None:
    releases = [(name, r.version) for name, some in sorted(problem.world.releases.items()) for r in some]
    if search(problem, lockable_only=True) is not None:
        name, version = releases[number % len(releases)]
        for left_out in (version, None):
            poorer = without_release(problem.world, name, left_out)
            assert answered(Problem(poorer, problem.profile)) is not Answer.NO, (name, left_out)
