"""When a requirement counts: for everybody, for an extra, on a target."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from solver.core.markers import (
    BadMarker,
    applies,
    applies_in_pylock,
    extras_in,
    names_an_extra,
    read_marker,
    waits_for_an_extra,
    with_extras,
)
from solver.core.model import Target
from solver.core.target import marker_environment

LINUX = marker_environment(Target(python="3.12"))


@pytest.mark.parametrize(
    ("marker", "extras", "counts"),
    [
        (None, (), True),
        ("sys_platform == 'linux'", (), True),
        ("sys_platform == 'win32'", ("gpu",), False),
        ("extra == 'gpu'", (), False),
        ("extra == 'gpu'", ("docs",), False),
        ("extra == 'gpu'", ("docs", "gpu"), True),
        ("extra != 'gpu'", ("gpu",), True),  # for everybody, so for whoever asks for the extra too
        ("python_version < '3.12' and extra == 'gpu'", ("gpu",), False),
    ],
)
def test_a_requirement_counts_for_everybody_or_for_one_of_the_extras(marker, extras, counts):
    assert applies(None if marker is None else Marker(marker), LINUX, extras) is counts


@pytest.mark.parametrize(
    ("marker", "groups", "counts"),
    [
        (None, (), True),
        ("'test' in dependency_groups", (), False),
        ("'test' in dependency_groups", ("test",), True),
        ("'gpu' in extras", ("gpu",), False),
        ("sys_platform == 'win32'", (), False),
    ],
)
def test_a_package_of_a_pylock_counts_for_the_groups_that_are_installed(marker, groups, counts):
    assert applies_in_pylock(None if marker is None else Marker(marker), LINUX, groups) is counts


@pytest.mark.parametrize(
    "text", ["os_name ~= '1'", "'x' in dependency_groups", "python_version ~= 'x'", "'a' == extras"], ids=str
)
def test_a_marker_that_compares_what_has_no_order_is_told(text):
    with pytest.raises(BadMarker) as caught:
        applies(read_marker(text), LINUX)
    assert str(caught.value) == f"the marker {str(Marker(text))!a} compares what has no order, or is not known here"


@pytest.mark.parametrize("text", ["extra == 'a'", "extras == 'a'", "os_name ~= '1'"])
def test_a_marker_that_no_pylock_may_have_is_told(text):
    with pytest.raises(BadMarker, match=r"compares what has no order, or is not known here$"):
        applies_in_pylock(read_marker(text), LINUX, ())


@pytest.mark.parametrize("text", ["", "linux", "os_name = 'x'", "(" * 5000 + "os_name == 'x'" + ")" * 5000])
def test_a_text_that_is_no_marker_is_told(text):
    with pytest.raises(BadMarker, match=r"^expected a marker, found ."):
        read_marker(text)


def test_markers_are_answered_for_a_set_of_extras():
    assert with_extras("extra == 'a' and extra != \"b\" or os_name == 'nt'", {"a"}) == (
        'python_version >= "0" and python_version >= "0" or os_name == \'nt\''
    )


def test_the_variable_may_stand_on_either_side():
    assert with_extras("'a' == extra and \"b\" != extra", {"b"}) == 'python_version < "0" and python_version < "0"'


@pytest.mark.parametrize(
    ("marker", "answer"),
    [("extra == 'a'", True), ("os_name == 'nt' or 'a' == extra", True), ("platform_version == 'extra'", False)],
)
def test_a_marker_names_an_extra_where_it_compares_one(marker, answer):
    assert names_an_extra(marker) is answer


@pytest.mark.parametrize(
    ("marker", "answer"),
    [
        ("extra == 'a'", True),
        ("'a' == extra and os_name == 'posix'", True),
        ("os_name == 'nt' or extra == 'a'", False),
        ("extra != 'a'", False),
        ("platform_version == 'extra'", False),
        ("", False),
    ],
)
def test_a_marker_waits_for_an_extra_where_it_holds_by_one_alone(marker, answer):
    assert waits_for_an_extra(f"kit; {marker}") is answer


@pytest.mark.parametrize(
    ("requirement", "extras"),
    [
        ("a", set()),
        ("a; extra == 'Gpu_All' or 'docs' == extra", {"gpu-all", "docs"}),
        ("a; extra != 'gpu'", set()),
        ("extra; os_name == 'extra'", set()),
    ],
)
def test_the_extras_under_which_a_requirement_stands(requirement, extras):
    assert extras_in(requirement) == extras
