"""The frameworks that a set is made around, each told once: what it is called where, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solver.core.model import CondaName, Framework


@dataclass(frozen=True)
class FrameworkEntry:
    """One framework under all its names."""

    name: Framework
    title: str
    """As a sentence calls it."""
    distributions: tuple[str, ...]
    """On the package index; the one that is asked for by the framework's own name first."""
    cpu: str | None
    """The distribution that holds nothing but CPU builds, where there is one."""
    nightly: str | None
    """How the names of its nightly builds begin, where those are no versions of the same distribution."""
    conda: CondaName
    companions: tuple[str, ...]
    """Distributions of which each release is made for one release of the framework."""
    compiler: str | None
    """The distribution that compiles its kernels; every build of one release is made for one release of it."""
    dlopens: bool
    """Whether it opens its CUDA libraries when it needs them, and stays on the CPU without; else it links to them."""
    probe: str
    """Module of ``solver.proof.probes`` that checks it."""
    rank: int
    """Which framework comes first where nobody says."""


FRAMEWORKS: Mapping[Framework, FrameworkEntry] = {
    entry.name: entry
    for entry in (
        FrameworkEntry(
            name="tensorflow",
            title="TensorFlow",
            distributions=("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-gpu"),
            cpu="tensorflow-cpu",
            nightly="tf-nightly",
            conda=CondaName("tensorflow"),
            companions=(),
            compiler=None,
            dlopens=True,
            probe="tensorflow_checks",
            rank=1,
        ),
        FrameworkEntry(
            name="torch",
            title="torch",
            distributions=("torch",),
            cpu=None,
            nightly=None,
            conda=CondaName("pytorch"),
            companions=("torchvision", "torchaudio"),
            compiler="triton",
            dlopens=False,
            probe="torch_checks",
            rank=0,
        ),
    )
}
"""In the order in which they are told."""

COMPANIONS: Mapping[str, Framework] = {
    companion: entry.name for entry in FRAMEWORKS.values() for companion in entry.companions
}
"""Companion -> its framework."""

_BY_DISTRIBUTION: Mapping[str, Framework] = {
    name: entry.name for entry in FRAMEWORKS.values() for name in entry.distributions
}


def framework_of(distribution: str) -> Framework | None:
    """The framework that a distribution of the package index is a build of; None for any other."""
    return _BY_DISTRIBUTION.get(distribution)


def preferred_first(names: Iterable[Framework], prefer: Framework | None = None) -> list[Framework]:
    """``names`` with ``prefer`` first, the rest by rank."""
    return sorted(names, key=lambda name: (name != prefer, FRAMEWORKS[name].rank))


def distributions(name: str) -> tuple[str, ...]:
    """Every distribution that a package name stands for: a framework's name for all of its distributions."""
    entry = next((entry for entry in FRAMEWORKS.values() if entry.name == name), None)
    return (name,) if entry is None else entry.distributions
