"""Which sets an observation is about."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.observations import is_of, is_of_several_frameworks, of_this, without_code
from solver.matrix.rows import Build, Observation, Verified

SET = {"tensorflow": "2.19.1", "torch": "2.10.0+cu128", "open-one": NOT_KNOWN, "odd": "no version"}


def observation(**packages):
    return Observation(id=" ".join(packages), source="own run", packages=packages, seen="it runs", works=True)


@pytest.mark.parametrize(
    ("packages", "is_about"),
    [
        ({"tensorflow": "2.19.1"}, True),
        ({"TensorFlow": "2.19.1"}, True),
        ({"tensorflow": "2.19"}, False),
        ({"tensorflow": ">=2.18,<2.20", "torch": "2.10.0"}, True),
        ({"tensorflow": ">=2.18,<2.20", "torch": "2.10.1"}, False),
        ({"tensorflow": "2.19.1", "keras": "3.0"}, False),
        ({"Open_One": "1.0"}, False),
        ({"open-one": ""}, True),
        ({"odd": "1.0"}, False),
        ({}, False),
    ],
)
def test_an_observation_is_about_sets_that_surely_have_all_of_it(packages, is_about):
    assert is_of(packages, SET) is is_about


def test_those_about_a_set_keep_their_order():
    rows = [observation(torch="2.10.0"), observation(keras="3.0"), observation(tensorflow="2.19.1")]
    assert [row.id for row in of_this(rows, SET, "3.12")] == ["torch", "tensorflow"]


LOCK = Verified(
    id="ran", source="evidence", profile="a", lock="b", gpu="NVIDIA H200", driver="580",
    packages={"python": "3.12", "torch": "2.10.0"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("python", "about"), [("3.12", ["any", "one", "ran"]), ("3.11", ["any"]), ("3.1", ["any"]), (NOT_KNOWN, ["any"])]
)
def test_what_was_seen_on_one_python_is_told_of_that_alone(python, about):
    seen = observation(torch="2.10.0")
    rows = [replace(seen, id="any"), replace(seen, id="one", python="3.12"), LOCK]
    assert [row.id for row in of_this(rows, SET, python)] == about


@pytest.mark.parametrize(
    ("packages", "several"),
    [(("torch",), False), (("torch", "torchvision"), False), (("numpy", "tensorflow", "torch"), True)],
)
def test_frameworks_are_together_where_it_names_more_than_one(packages, several):
    assert is_of_several_frameworks(observation(**dict.fromkeys(packages, "1"))) is several


def test_what_was_seen_on_one_gpu_is_not_told_of_any():
    seen = replace(observation(torch="2.10.0"), gpu="9.0")
    assert list(of_this([seen], SET, "3.12")) == []


TORCH = Build(
    id="t", source="a test", package="torch", version="1.13.0", platform="linux-64", cuda="11.7", sm=("8.6",), ptx=()
)
WRONG = replace(observation(torch="1.13.0"), gpu="9.0", works=False)


@pytest.mark.parametrize(
    ("row", "build", "is_told"),
    [
        (WRONG, TORCH, True),
        (replace(WRONG, works=True), TORCH, False),
        (replace(WRONG, gpu=NOT_KNOWN), TORCH, False),
        (WRONG, replace(TORCH, sm=("9.0",)), False),
        (WRONG, replace(TORCH, ptx=("8.6",)), False),
        (WRONG, replace(TORCH, sm=NOT_KNOWN), False),
        (WRONG, replace(TORCH, version="2.0"), False),
    ],
    ids=["no code", "works", "any gpu", "native", "ptx", "nobody read", "another build"],
)
def test_what_became_of_a_build_without_code_for_its_gpu(row, build, is_told):
    matrices = Matrices(observations=(row,), builds=(build,))
    assert without_code("torch", matrices) == ("seen of torch 1.13.0 on 9.0: it runs" if is_told else None)
    assert without_code("tensorflow", matrices) is None
