"""The file that lists what comes from conda says by its name whether that is everything."""

from __future__ import annotations

from solver.core.flavours import explicit_filename


def test_a_list_of_the_base_alone_is_called_base():
    assert explicit_filename("conda", "win-64") == "win-64.lock"
    assert explicit_filename("pip-in-conda", "linux-64") == "base-linux-64.lock"
