"""Which sets an observation is about."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN
from solver.matrix.observations import is_of, is_of_several_frameworks, of_this
from solver.matrix.rows import Observation

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
    assert [row.id for row in of_this(rows, SET)] == ["torch", "tensorflow"]


@pytest.mark.parametrize(
    ("packages", "several"),
    [(("torch",), False), (("torch", "torchvision"), False), (("numpy", "tensorflow", "torch"), True)],
)
def test_frameworks_are_together_where_it_names_more_than_one(packages, several):
    assert is_of_several_frameworks(observation(**dict.fromkeys(packages, "1"))) is several
