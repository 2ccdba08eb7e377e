"""Which packages of a lock a target needs, in rounds."""

from __future__ import annotations

import pytest
from limits import computing

from solver.audit.readers.needed import needed


@pytest.mark.parametrize(
    ("asks", "left"),
    [
        ({"a": [("b", True)], "b": []}, "ab"),
        ({"a": [("b", False)], "b": []}, "a"),
        ({"a": [("b", False)], "b": [], "c": [("b", True)]}, "abc"),
        # Nobody asks for c any more, which makes it a root.
        ({"a": [("b", False)], "b": [("c", True)], "c": []}, "ac"),
        # a asks for c in vain, which counts once b is gone.
        ({"a": [("b", False), ("c", False)], "b": [("c", True)], "c": []}, "a"),
        ({"a": [("b", False)], "b": [("a", False)]}, ""),
    ],
)
def test_what_others_ask_for_but_none_here_is_left_out(asks, left):
    names = dict(enumerate(asks))
    assert "".join(names[number] for number in needed(names, dict(enumerate(asks.values())))) == left


def test_a_long_chain_is_followed_in_linear_time():
    count = 100_000
    asks = {number: [(str(number + 1), True)] for number in range(count)}
    asks[0] = [(str(number), False) for number in range(1, count)]
    with computing(10):
        assert needed({number: str(number) for number in asks}, asks) == [0]
