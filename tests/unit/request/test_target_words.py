"""A target in words."""

from __future__ import annotations

import pytest

from solver.core.errors import BadInput
from solver.core.model import Target
from solver.request.target_words import parse_target


def test_a_target_is_read_from_words():
    words = {"platform": "linux-aarch64", "python": "3.11", "glibc": ">=2.34", "driver": ">= 550.54.14"}
    assert parse_target(words) == Target(
        platform="linux-aarch64", python="3.11", glibc="2.34", driver="550.54.14", gpus=()
    )
    assert parse_target({}) == Target()
    assert parse_target({"driver": "none", "gpu": "9.0"}) == Target(driver=None, gpus=("9.0",))
    assert parse_target({"gpu": ["10.0", "9.0", "9.0"], "python": None}) == Target(gpus=("9.0", "10.0"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"system": "linux"}, "system: is not part of a target; use platform, python, glibc, driver, gpu or cpu"),
        ({"platform": "linux"}, 'platform: expected one of linux-64, linux-aarch64, win-64, found "linux"'),
        ({"python": "3"}, 'python: expected a python such as "3.12", 3.9 or newer, found "3"'),
        ({"python": 3.1}, 'python: expected a python such as "3.12", 3.9 or newer, found "3.1"'),
        ({"python": "2.7"}, 'python: expected a python such as "3.12", 3.9 or newer, found "2.7"'),
        ({"glibc": "2.28.1"}, 'glibc: expected a glibc such as "2.28", found "2.28.1"'),
        (
            {"driver": "<550"},
            'driver: expected an NVIDIA driver such as ">=550" or "550.54.14", or "none", found "<550"',
        ),
        (
            {"gpu": "H100"},
            'gpu: no GPU is known by the name "H100"; write its compute capability, such as "9.0", '
            "or add it to the gpus matrix",
        ),
    ],
)
def test_a_word_that_cannot_be_used_is_named(words, message):
    with pytest.raises(BadInput) as caught:
        parse_target(words)
    assert str(caught.value) == message
