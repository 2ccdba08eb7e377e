"""Every command finds its project from a folder below it, be it by the request or by the locks alone."""

from __future__ import annotations

import pytest

DRIVER = "580.65.06"


@pytest.fixture
def below(folder, interlock, monkeypatch):
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    (folder / "src" / "deep").mkdir(parents=True)

    def go():
        monkeypatch.chdir(folder / "src" / "deep")

    return go


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["lock", "--check", "small"],
        ["verify", "--predict", "--gpu", "9.0", "--driver", DRIVER, "small"],
        ["export", "constraints.txt", "small", "--out", "/dev/null"],
        ["diff", "small", "small"],
        ["solve", "small", "--offline"],
        ["explain", "--profile", "small", "--offline"],
        ["doctor", "small"],
    ],
)
def test_a_command_says_the_same_below_the_project(below, interlock, words):
    above = interlock(*words)
    below()
    assert interlock(*words) == above


@pytest.mark.parametrize("words", [["bundle", "none", "out"], ["install", "none", "out"], ["verify", "none"]])
@pytest.mark.parametrize("with_request", [True, False])
def test_locks_are_looked_for_in_the_project(below, folder, interlock, words, with_request):
    if not with_request:
        (folder / "environment.yml.in").unlink()
    below()
    said = f"{folder}/locks/none/solution.yaml: this profile has no lock; make it with `interlock lock none`"
    assert interlock(*words) == (2, "", f"interlock: {said}\n")
