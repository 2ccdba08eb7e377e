"""When a requirement counts: for everybody, for an extra, on a target."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from solver.core.markers import applies, applies_in_pylock
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
