"""Laws of the audit's readers: whatever stands in a file, they end in a set or in one sentence."""

from __future__ import annotations

from pathlib import Path
from random import Random

import formats
import pytest
from audit_stubs import StubIndex, small_matrices
from broken_prefix import BrokenPrefix
from drawing import examples
from hypothesis import example, given, note, settings
from hypothesis import strategies as st

seeds = st.integers(0, 2**32)
LONGEST = 2000
"""Letters of a sentence, the path of the file among them."""


def is_sentence(told):
    return told is None or ("\n" not in told and len(told) < LONGEST)


@pytest.mark.parametrize("name", formats.FORMATS)
def test_the_valid_file_of_each_format_is_read(name, tmp_path):
    (tmp_path / "other.txt").write_text("idna==3.1\n")
    assert formats.told(name, formats.plain(name), tmp_path, small_matrices(), StubIndex()) is None


@settings(deadline=None, max_examples=examples(1000))
@given(st.sampled_from(formats.FORMATS), seeds)
@example("Pipfile.lock", 348)  # a python that is an address
@example("pip inspect", 27007)  # a python without a minor
@example("pip inspect", 113939)  # a requirement with a name of 300 letters
@example("conda list", 1101734)  # a build of 5000 digits
@example("pylock.toml", 5189)  # a version of 2000 letters, told whole
def test_a_broken_file_ends_in_a_set_or_in_one_sentence(name, seed):
    text = formats.broken(name, Random(seed))
    note(text)
    assert is_sentence(formats.told(name, text, Path("/nowhere"), small_matrices(), StubIndex()))


@pytest.fixture(scope="module")
def broken_prefix(tmp_path_factory):
    return BrokenPrefix(tmp_path_factory.mktemp("env") / "env")


@settings(deadline=None, max_examples=examples(150))
@given(seed=seeds)
@example(seed=22471)  # a tag whose interpreter is none
def test_a_broken_prefix_ends_in_a_set_or_in_one_sentence(broken_prefix, seed):
    assert is_sentence(broken_prefix.told(Random(seed)))
