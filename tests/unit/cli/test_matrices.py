"""refresh: what is read anew by default, and where channels are named."""

import pytest

from solver.cli import matrices


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ((), (True, True, ())),
        (("--no-rows",), (False, True, ())),
        (("--conda", "conda-forge"), (False, False, ("conda-forge",))),
        (("--conda", "a", "--conda", "b=file:///c", "--snapshot"), (False, True, ("a", "b=file:///c"))),
    ],
)
def test_a_channel_that_is_named_is_read_alone(interlock, monkeypatch, tmp_path, words, read):
    monkeypatch.chdir(tmp_path)
    asked = []

    def refresh(root, today, *, rows, snapshot, channels, tell):
        asked.append((rows, snapshot, channels))
        return ["done"]

    monkeypatch.setattr(matrices, "refresh_matrices", refresh)
    assert interlock("refresh", *words)[:2] == (0, "done\n")
    assert asked == [read]
