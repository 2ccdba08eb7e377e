"""Bundles cut into parts, and the sizes of those."""

from __future__ import annotations

import shutil
import sys

import pytest
from killed import each_end

from solver.core.errors import BadInput
from solver.core.scratch import scratch_folder
from solver.proof.bundle import split as splitting
from solver.proof.bundle.split import parse_size, split


def test_a_part_size_that_holds_nothing_is_refused(bundle, tmp_path):
    with pytest.raises(BadInput, match="parts of 1000 bytes are too small"):
        split(bundle, tmp_path / "parts", 1000)


@pytest.mark.parametrize(
    ("text", "size"),
    [("54MB", 54_000_000), ("54 MiB", 54 * 2**20), ("1.5g", 1_500_000_000), ("1000", 1000)],
)
def test_sizes_are_read(text, size):
    assert parse_size(text) == size


def test_a_size_that_is_none_is_refused():
    with pytest.raises(BadInput, match="is no size"):
        parse_size("large")


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_whatever_ends_the_splitting_all_parts_are_there_or_none(bundle, tmp_path):
    place = tmp_path / "out"

    def begin():
        shutil.rmtree(place, ignore_errors=True)
        return lambda: split(bundle, place / "parts", 10**6)

    def names():
        return {path.relative_to(place).as_posix() for path in (place / "parts").rglob("*")}

    begin()()
    whole = names()
    for what in each_end((splitting,), begin, step=5):
        if not (place / "parts").exists():
            split(bundle, place / "parts", 10**6)
        assert names() == whole, what
        with scratch_folder(place):
            pass
        assert [path.name for path in place.iterdir()] == ["parts"], what
