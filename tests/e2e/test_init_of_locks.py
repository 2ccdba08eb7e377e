"""init of a file that a lock made: a request as a person would have written it, and one that locks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from solver.core.yamlfile import load_yaml

LOCKS = Path(__file__).parents[2] / "locks"
PROFILES = sorted(path.parent.name for path in LOCKS.glob("*/environment.yml"))


@pytest.fixture
def started(tmp_path, monkeypatch, interlock):
    """Makes the request of a copied lock's files; what is told, and the request."""
    monkeypatch.chdir(tmp_path)

    def start(profile, *files):
        for name in files:
            shutil.copy(LOCKS / profile / name, tmp_path)
        code, out, err = interlock("init", "environment.yml", "--offline")
        assert (code, err) == (0, "")
        return out.splitlines()[:-1], load_yaml(tmp_path / "environment.yml.in").data

    return start


@pytest.mark.parametrize("profile", PROFILES)
def test_the_environment_of_a_lock_locks_again(profile, started, interlock):
    _, made = started(profile, "environment.yml")
    (name,) = made["profiles"]
    assert len(made["dependencies"]) <= 3
    code, _, err = interlock("lock", "--offline", "--no-pylock")
    assert (code, err) == (0, "")
    before, after = (load_yaml(path / "solution.yaml").data for path in (LOCKS / profile, Path("locks", name)))
    kept = ("python", "tensorflow", "torch")
    assert [after["solution"].get(one) for one in kept] == [before["solution"].get(one) for one in kept]
    assert [after["flavour"], after["target"]["platform"]] == [before["flavour"], before["target"]["platform"]]


IS = "environment.yml: is of a lock: python, frameworks, their companions, variables and what solution.yaml says was"
ASKED = {
    "full-py312-ds": (
        [],
        ["jupyterlab", "matplotlib", "onnx", "pandas", "scikit-learn", "tensorboard", "transformers"],
        ["torchaudio", "torchvision"],
        {"python": "3.12", "tensorflow": "2.21.0", "torch": "2.10.0"},
    ),
    "full-py312-conda": (
        ["keras", "tensorboard"],
        [],
        ["torchvision"],
        {"flavour": "conda", "python": "3.12", "torch": "2.10.0", "tensorflow": "2.19.1", "cpu": "x86-64-v3"},
    ),
    "full-py312-interop": (
        [],
        ["onnx2tf>=2", "tensorboard", "tf-keras"],
        ["torchaudio", "torchvision"],
        {"python": "3.12", "tensorflow": "2.21.0", "torch": "2.10.0"},
    ),
}


@pytest.mark.parametrize("profile", ASKED)
def test_what_the_lock_says_was_asked_for_is_carried_over(profile, started):
    conda, pip, companions, keys = ASKED[profile]
    told, made = started(profile, "environment.yml", "solution.yaml")
    assert told == [f"{IS} asked for are carried over; all else was chosen with them"]
    frameworks = [f"{name}==${{{name}}}" for name in keys if name in ("tensorflow", "torch")]
    assert made["dependencies"] == ["python=${python}", *conda, "pip", {"pip": [*frameworks, *companions, *pip]}]
    assert made["profiles"] == {"gpu": keys}


def test_what_frameworks_bring_elsewhere_stays_where_it_was_asked_for(started):
    _, made = started("tf2.10-cu117-win", "environment.yml", "solution.yaml")
    assert "nvidia-cudnn-cu11" in made["dependencies"][-1]["pip"]
    assert made["profiles"]["gpu"]["platform"] == "win-64"
