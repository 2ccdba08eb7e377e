"""Every error writes its own sentence and knows its exit code."""

from __future__ import annotations

import pytest

from solver.core import errors
from solver.core.errors import BadInput, InterlockError, NotRecorded, Unsolvable
from solver.core.explanation import Cause, Explanation, Nearest
from solver.index import UnknownPackage

CODES = {
    "InterlockError": 5,
    "CheckFailed": 1,
    "BadInput": 2,
    "NoSolution": 3,
    "Unsolvable": 3,
    "Undecided": 4,
    "IndexUnavailable": 4,
    "NotRecorded": 4,
}


def tree(base: type[InterlockError]) -> dict[str, int]:
    mine = {base.__name__: base.exit_code} if base.__module__ == errors.__name__ else {}
    return mine | {name: code for sub in base.__subclasses__() for name, code in tree(sub).items()}


def test_the_tree_is_the_drawn_one():
    assert tree(InterlockError) == CODES
    drawn = errors.__doc__.split("\n\n")[1]
    assert all(f"{name} (" in drawn or name == "Unsolvable" for name in CODES)
    assert UnknownPackage.exit_code == 4


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({}, "it is wrong"),
        ({"file": "a.yml"}, "a.yml: it is wrong"),
        ({"file": "a.yml", "line": 3}, "a.yml:3: it is wrong"),
        ({"key": "profiles.full"}, "profiles.full: it is wrong"),
        (
            {"file": "a.yml", "line": 3, "key": "name", "fix": "write it right"},
            "a.yml:3: name: it is wrong; write it right",
        ),
        ({"line": 3}, ":3: it is wrong"),
        ({"key": "9" * 5000}, f"{'9' * 190} …: it is wrong"),
        ({"file": "a\nb", "key": "c\nd", "fix": "see\x1b[2J"}, r"a b: c\nd: it is wrong; see\x1b[2J"),
    ],
)
def test_bad_input_says_where_what_and_what_to_do(place, sentence):
    assert str(BadInput("it is wrong", **place)) == sentence


def test_what_the_snapshot_does_not_hold_is_named_with_both_ways_out():
    assert str(NotRecorded("pandas")) == (
        "the snapshot holds no release of it: pandas; run the command with --live to ask the index, "
        "or `interlock refresh` to record it"
    )


def test_no_solution_tells_causes_then_ways_out():
    explanation = Explanation(
        causes=(Cause(who="the request", asks="torch==9", source="profile full"),),
        nearest=(
            Nearest(changes=("torch==2.9.1",), solution={"python": "3.12", "torch": "2.9.1", "cuda": None}),
            Nearest(changes=("driver>=580", "python==3.11"), solution={"torch": "9"}),
        ),
        note="python 3.11: no solution either",
    )
    assert str(Unsolvable("full", explanation)).splitlines() == [
        "full has no solution, because",
        "  the request: torch==9  [profile full]",
        "  (python 3.11: no solution either)",
        "would work: torch==2.9.1 -> python 3.12, torch 2.9.1",
        "would work: driver>=580 and python==3.11 -> torch 9",
    ]
