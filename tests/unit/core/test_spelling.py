"""Names that a misspelt word may have meant."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.core.spelling import all_of, command_line, distance, either, near_names

NAMES = ("tensorflow", "tensorflow-cpu", "torch", "numpy", "torchvision", "jax")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("torch", "torch", 0),
        ("toch", "torch", 1),
        ("trch", "torhc", 2),
        ("tensorflwo", "tensorflow", 1),
        ("", "jax", 3),
    ],
)
def test_the_letters_between_two_words(one, other, apart):
    assert distance(one, other) == distance(other, one) == apart


@pytest.mark.parametrize(
    ("word", "near"),
    [("tensorflwo", ("tensorflow",)), ("tocrh", ("torch",)), ("jaxx", ("jax",)), ("pandas", ()), ("numpi", ("numpy",))],
)
def test_near_names_differ_in_few_letters(word, near):
    assert near_names(word, NAMES) == near


def test_only_the_nearest_are_told_and_only_so_many():
    known = ["abcdefxx", "abcdefgx", "abcdefhg", "abcdexgh", "abcxxfgh"]
    assert near_names("abcdefgh", known, most=2) == ("abcdefgx", "abcdefhg")


def test_names_in_words():
    assert [either(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a or b", "a, b or c"]


@pytest.mark.parametrize(("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_all_of_names_in_words(names, text):
    assert all_of(names) == text
    assert either(names) == text.replace(" and ", " or ")


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1), min_size=1))
def test_a_shell_reads_the_very_words_of_a_command(words):
    assert shlex.split(command_line(*words)) == words


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("torch==2.9.1+cu128", "torch==2.9.1+cu128"),
        ("numpy>=2,!=2.1", '"numpy>=2,!=2.1"'),
        ("x @ git+https://h.invalid/x.git", '"x @ git+https://h.invalid/x.git"'),
        ("a$(b)", "'a$(b)'"),
    ],
)
def test_words_are_quoted_only_where_a_shell_needs_it_and_as_windows_reads_it_too(word, shown):
    assert command_line(word) == shown
