"""The table of frameworks: every name that a framework has leads to it, and what it names is there."""

from __future__ import annotations

from paths import ROOT

from solver.core.frameworks import (
    BY_DEFAULT,
    COMPANIONS,
    FRAMEWORKS,
    distributions,
    framework_of,
    holds_code,
    preferred_first,
)
from solver.core.model import Profile


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


def test_the_plugins_of_a_framework_are_its_code_and_none_of_its_distributions() -> None:
    assert distributions("jax") == ("jax",)
    assert framework_of("jax-cuda12-plugin") == framework_of("jax-cuda13-plugin") == framework_of("jax") == "jax"
    assert framework_of("jax-cuda12-pjrt") is None
    assert [name for name in ("jax", "jaxlib", "jax-cuda12-plugin", "torch", "numpy") if holds_code(name)] == [
        "jax-cuda12-plugin",
        "torch",
    ]


def test_a_request_that_names_no_framework_means_the_first_two() -> None:
    assert BY_DEFAULT == ("tensorflow", "torch") == Profile(name="p").frameworks


def test_a_bound_on_a_framework_is_one_on_each_of_its_distributions() -> None:
    assert distributions("tensorflow") == ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-gpu")
    assert distributions("tensorflow-cpu") == ("tensorflow-cpu",)
    assert distributions("numpy") == ("numpy",)


def test_torch_comes_first_where_nobody_says() -> None:
    assert preferred_first(FRAMEWORKS) == ["torch", "tensorflow", "jax"]
    assert preferred_first(FRAMEWORKS, "tensorflow") == ["tensorflow", "torch", "jax"]


def test_each_framework_has_its_checks_among_the_probes() -> None:
    probes = ROOT / "solver" / "proof" / "probes"
    assert [entry.name for entry in FRAMEWORKS.values() if not (probes / f"{entry.probe}.py").is_file()] == []


def test_the_compiler_of_a_framework_is_no_distribution_of_it() -> None:
    compilers = {entry.name: entry.compiler for entry in FRAMEWORKS.values()}
    assert compilers == {"tensorflow": None, "torch": "triton", "jax": None}
    assert framework_of("triton") is None
