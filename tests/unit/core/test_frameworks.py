"""The table of frameworks: every name that a framework has leads to it, and what it names is there."""

from __future__ import annotations

from paths import ROOT

from solver.core.frameworks import COMPANIONS, FRAMEWORKS, distributions, framework_of, preferred_first


def test_every_distribution_leads_to_its_framework() -> None:
    names = {name: framework_of(name) for name in ("torch", "tensorflow", "tensorflow-cpu", "tensorflow-gpu", "keras")}
    assert names == {
        "torch": "torch",
        "tensorflow": "tensorflow",
        "tensorflow-cpu": "tensorflow",
        "tensorflow-gpu": "tensorflow",
        "keras": None,
    }
    assert dict(COMPANIONS) == {"torchvision": "torch", "torchaudio": "torch"}


def test_a_bound_on_a_framework_is_one_on_each_of_its_distributions() -> None:
    assert distributions("tensorflow") == ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-gpu")
    assert distributions("tensorflow-cpu") == ("tensorflow-cpu",)
    assert distributions("numpy") == ("numpy",)


def test_torch_comes_first_where_nobody_says() -> None:
    assert preferred_first(FRAMEWORKS) == ["torch", "tensorflow"]
    assert preferred_first(FRAMEWORKS, "tensorflow") == ["tensorflow", "torch"]


def test_each_framework_has_its_checks_among_the_probes() -> None:
    probes = ROOT / "solver" / "proof" / "probes"
    assert [entry.name for entry in FRAMEWORKS.values() if not (probes / f"{entry.probe}.py").is_file()] == []


def test_the_compiler_of_a_framework_is_no_distribution_of_it() -> None:
    compilers = {entry.name: entry.compiler for entry in FRAMEWORKS.values()}
    assert compilers == {"tensorflow": None, "torch": "triton"}
    assert framework_of("triton") is None
