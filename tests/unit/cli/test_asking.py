"""What is told in the end of the questions to an index."""

from __future__ import annotations

import pytest

from solver.cli.asking import asking, steps
from solver.index.layered import Questions


def test_of_many_releases_that_cannot_be_used_the_newest_two_are_told(capsys):
    many = {(f"1.{minor}", f"kit-1.{minor}.tar.gz is broken") for minor in range(12)}
    with asking() as watch:
        watch(Questions(passed_over={"kit": many, "one": {("2.0", "one-2.0.tar.gz is broken")}}))
    assert capsys.readouterr().err == (
        "asked the package index for 0 packages beyond the record, 0 releases read\n"
        "passed over: kit-1.10.tar.gz is broken\n"
        "passed over: kit-1.11.tar.gz is broken\n"
        "passed over: 10 older releases of kit, down to 1.0, for the like\n"
        "passed over: one-2.0.tar.gz is broken\n"
    )


@pytest.mark.parametrize(("terminal", "told"), [(True, "\r\x1b[2Kreading one.whl …\r\x1b[2K"), (False, "")])
def test_a_step_is_told_on_a_terminal_until_the_next_one_begins(monkeypatch, capsys, terminal, told):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    with steps() as tell:
        tell("reading one.whl")
    assert capsys.readouterr().err == told
