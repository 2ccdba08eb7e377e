"""One answer to whether a version lies within a specifier, and one spelling of its major and minor."""

from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from solver.core.versions import (
    as_requirement,
    as_specifier,
    as_version,
    kinds,
    leading,
    major,
    meets,
    minor,
    numbers,
    specifier_or_none,
    version_or_none,
    within,
)


@pytest.mark.parametrize(
    ("version", "specifier", "answer"),
    [
        ("2.16.1", ">=2.16,<2.17", True),
        ("2.17.0", ">=2.16,<2.17", False),
        ("2.9.1+cu128", "==2.9.1", True),
        ("2.9.1", "==2.9.1+cu128", False),
        ("1.0", "", True),
        ("2.0rc1", ">=1.0", True),
        ("2.0rc1", ">=2.0", False),
        ("2.0rc1", "", True),
        ("3.12", "==3.12.*", True),
    ],
)
def test_a_version_lies_within_a_specifier_by_its_place_in_the_order(version, specifier, answer):
    assert within(version, specifier) is answer
    assert meets(version, specifier) is answer


def test_what_is_no_version_or_no_specifier_is_refused_or_meets_nothing():
    with pytest.raises(InvalidVersion):
        within("1.0_conda_1", ">=1")
    with pytest.raises(InvalidSpecifier):
        within("1.0", "newest")
    assert meets("1.0_conda_1", "") is False
    assert meets("9e", ">=1") is False
    assert meets("1.0", "newest") is False


def test_the_same_text_is_parsed_once():
    assert as_version("1.2.3") is as_version("1.2.3")
    assert as_specifier(">=1.2") is as_specifier(">=1.2")
    assert as_requirement("torch>=2; extra == 'a'") is as_requirement("torch>=2; extra == 'a'")
    with pytest.raises(InvalidRequirement):
        as_requirement("torch >= >=")


def test_a_version_or_a_specifier_or_none():
    assert version_or_none(None) is None
    assert version_or_none("1.1.1w") is None
    assert specifier_or_none("newest") is None
    assert specifier_or_none(">=1") is as_specifier(">=1")
    assert version_or_none("1.1") == as_version("1.1.0")


@pytest.mark.parametrize(
    ("specifiers", "told"),
    [
        ([], ["0"]),
        (["", "none is this"], ["0"]),
        (["<2"], ["0", "2", "2.1"]),
        ([">=1.4.1", "==2.0.0"], ["0", "1.4.1", "1.4.1.1", "2.0.0", "2.0.0.1"]),
        (["==1.4.*"], ["0", "1.4", "1.4.1", "1.5", "1.5.1"]),
        (["~=1.4.1"], ["0", "1.4.1", "1.4.1.1", "1.5", "1.5.0.1"]),
        ([">1.0.post1"], ["0", "1.0.post1", "1.0.1"]),
        ([">=2rc1"], ["0", "2.1"]),
        (["==2.6+cu124"], ["0", "2.6", "2.6.1"]),
    ],
)
def test_a_version_of_each_kind_that_specifiers_tell_apart(specifiers, told):
    assert kinds(specifiers) == told


def test_major_minor_and_numbers():
    assert [major("12.8.1"), major("12")] == [12, 12]
    assert [minor("12.8.1"), minor("3.12.4"), minor("12")] == ["12.8", "3.12", "12"]
    assert [leading("9.10.2.21", 3), leading("2.27", 3), leading("12.8.90", 1)] == ["9.10.2", "2.27", "12"]
    assert [numbers("12.8.1"), numbers("9"), numbers("10.0")] == [(12, 8), (9, 0), (10, 0)]
    with pytest.raises(ValueError, match="invalid literal"):
        major("none")
