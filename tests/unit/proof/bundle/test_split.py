"""Bundles cut into parts, and the sizes of those."""

from __future__ import annotations

import pytest

from solver.core.errors import BadInput
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
