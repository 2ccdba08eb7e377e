"""The shipped request, and what scenarios cannot show."""

from __future__ import annotations

import pytest
from paths import ROOT

from solver.core.model import Profile
from solver.matrix.load import Matrices
from solver.request.read import read_request

SHIPPED = ROOT / "environment.yml.in"


@pytest.fixture(scope="module")
def profiles() -> dict[str, Profile]:
    return {profile.name: profile for profile in read_request(SHIPPED, Matrices()).profiles}


def test_the_shipped_profiles(profiles):
    full = [f"full-py3{minor}" for minor in (10, 11, 12, 13)]
    conda = [f"full-py3{minor}-conda" for minor in (10, 11, 12)]
    kinds = [f"full-py312-{kind}" for kind in ("ds", "interop", "cpu", "cu13", "jax", "pytorch", "base", "tf", "torch")]
    stacks = ["tf2.10-cu117", "tf2.10-cu117-conda", "tf2.10-cu117-win", "tf2.9-cu113"]
    assert sorted(profiles) == sorted([*full, *conda, *kinds, *stacks, "tf-latest", "torch-latest", "jax-latest"])


def test_a_full_profile_holds_both_frameworks_and_their_companions(profiles):
    profile = profiles["full-py312"]
    assert profile.frameworks == ("tensorflow", "torch")
    assert profile.packages == ("torchvision", "torchaudio", "keras", "tensorboard")
    assert (profile.target.python, profile.indexes, profile.flavour) == ("3.12", ("default",), "pip-in-conda")


def test_only_three_kinds_of_profile_leave_the_default_index(profiles):
    assert {name for name, profile in profiles.items() if profile.indexes != ("default",)} == {
        "full-py312-cpu",
        "full-py312-pytorch",
        "tf2.10-cu117-win",
        "tf2.9-cu113",
    }


def test_a_stack_keeps_its_pins_as_published(profiles):
    assert profiles["tf2.10-cu117"].stack["protobuf"] == "3.20.3"
    assert "protobuf" not in profiles["tf2.10-cu117"].constraints
    assert profiles["tf2.9-cu113"].constraints["torch"] == "==1.12.1+cu113"
    assert profiles["tf2.10-cu117-win"].target.platform == "win-64"


def test_every_line_of_the_shipped_request_can_be_named():
    request = read_request(SHIPPED, Matrices())
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert lines[request.lines["profiles.full-py312-ds"] - 1] == "  full-py312-ds:"
    assert lines[request.lines["profiles.torch-latest.cuda"] - 1] == '    cuda: "13.*"'
    assert lines[request.lines["dependencies[2].pip[0]"] - 1] == "      - torch==${torch}"
    assert request.file == str(SHIPPED)


def test_product_names_are_looked_up_in_the_shipped_matrix_only_where_one_is_used(tmp_path, monkeypatch):
    def refuse() -> None:
        raise AssertionError("the matrices were read")

    monkeypatch.setattr("solver.request.read.load_matrices", refuse)
    file = tmp_path / "environment.yml.in"
    text = "name: x\ndependencies: [pip: ['torch==${torch}']]\nprofiles: {a: {gpu: '9.0', driver: '550.54.14'}}\n"
    file.write_text(text)
    assert read_request(file).profiles[0].target.gpus == ("9.0",)
    file.write_text(text.replace("'9.0'", "H100"))
    with pytest.raises(AssertionError, match="the matrices were read"):
        read_request(file)
