"""What of CUDA may meet in one process."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.majors import majors, share_a_process


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("12.4", "12.9", Answer.YES),
        ("12", "12.9.79", Answer.YES),
        ("11.8", "12.0", Answer.NO),
        ("1.2", "12.0", Answer.NO),
        ("12.4", "none", Answer.YES),
        (NOT_KNOWN, "none", Answer.YES),
        (NOT_KNOWN, "12.4", Answer.NOT_KNOWN),
    ],
)
def test_only_one_major_is_in_a_process(one, other, expected):
    assert share_a_process(one, other) is expected
    assert share_a_process(other, one) is expected


def test_majors_stand_once_each_in_their_order():
    assert majors(["13.0", "12.9", "12.4", "11.8", "12.0"]) == (13, 12, 11)
