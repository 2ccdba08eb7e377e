"""What the dependency groups of a project ask for, with those that they include; against packaging's own reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup

from solver.core.dependency_groups import IncludedGroup, expanded_groups
from solver.core.errors import BadInput


def test_a_group_is_included_by_any_spelling_of_its_name():
    groups = {"a": ["numpy", IncludedGroup("B-b"), "six"], "b_b": ["pandas", "numpy"]}
    assert expanded_groups(groups, "x") == {"a": ("numpy", "pandas", "six"), "b_b": ("pandas", "numpy")}


def test_groups_that_include_each_other_many_times_do_not_grow():
    groups = {f"g{at}": [IncludedGroup(f"g{at + 1}")] * 3 for at in range(60)} | {"g60": ["numpy"]}
    assert expanded_groups(groups, "x")["g0"] == ("numpy",)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"c": [IncludedGroup("C")]}, "x: dependency-groups: the group 'C' includes itself; mend its name"),
        ({"d": [IncludedGroup("no")]}, "x: dependency-groups: the group 'no' is not there; mend its name"),
        ({"b_b": [], "B-b": []}, "x: dependency-groups: 'b_b' and 'B-b' are one name; rename one"),
        (
            {f"g{at}": [IncludedGroup(f"g{at + 1}")] for at in range(200)},
            "x: dependency-groups: more than 100 groups include one another; write fewer",
        ),
    ],
)
def test_groups_that_cannot_be_read_are_refused(groups, message):
    with pytest.raises(BadInput) as caught:
        expanded_groups(groups, "x")
    assert str(caught.value) == message


NAMES = st.sampled_from(["a", "A", "b-b", "B_b", "b.b", "c"])
ENTRIES = st.lists(st.sampled_from(["numpy", "six", "torch>=2"]) | NAMES.map(IncludedGroup), max_size=3)


@given(st.dictionaries(NAMES, ENTRIES, max_size=4))
def test_packaging_reads_groups_alike(groups):
    raw = {
        name: [entry if isinstance(entry, str) else {"include-group": entry.name} for entry in entries]
        for name, entries in groups.items()
    }
    try:
        resolver = DependencyGroupResolver(raw)
        told = {name: tuple(dict.fromkeys(map(str, resolver.resolve(name)))) for name in groups}
    except ExceptionGroup:
        with pytest.raises(BadInput):
            expanded_groups(groups, "x")
    else:
        assert expanded_groups(groups, "x") == told
