"""Which distributions bring CUDA libraries, and which of their versions rows tell of."""

from __future__ import annotations

from dataclasses import dataclass

from solver.core.model import pypi_name
from solver.matrix.libraries import is_cudnn
from solver.matrix.load import Matrices
from solver.matrix.rows import Library

TOOLKIT = "cuda-toolkit"
"""The distribution whose version is that of a whole toolkit."""
CONDA_RUNTIMES = frozenset({"cudatoolkit", "cuda-cudart"})
"""What conda calls the CUDA runtime, before and since CUDA 12."""


@dataclass(frozen=True)
class Bringer:
    """A distribution that brings a CUDA library."""

    distribution: str
    """Normalized."""
    layouts: tuple[Library, ...]
    """The rows that tell it, each of its own versions."""
    soname: str
    """The library's name in its folder; its short name where it has none, or had several."""


def bringers(name: str, cuda: int, matrices: Matrices) -> list[Bringer]:
    """The distributions that bring a CUDA library (its short name) of a CUDA major, by name."""
    rows: dict[str, list[Library]] = {}
    for row in matrices.libraries:
        if (row.library, row.cuda) == (name, cuda):
            rows.setdefault(pypi_name(row.distribution), []).append(row)
    brought = []
    for distribution, layouts in sorted(rows.items()):
        sonames = {soname for row in layouts for soname in row.sonames[:1] or (name,)}
        soname = sonames.pop() if len(sonames) == 1 else name
        brought.append(Bringer(distribution, tuple(layouts), soname))
    return brought


def recorded_versions(matrices: Matrices) -> dict[str, list[str]]:
    """By distribution, the specifiers of the versions that rows know of each that brings CUDA libraries.

    Those of a toolkit's parts and of cuDNN are told by rows of their own; the other
    libraries (nccl, nvshmem) are known by the layout of their rows alone.
    """
    # The distribution that brings a toolkit is told of by the rows of its lines.
    specifiers = {TOOLKIT: [f"=={toolkit.cuda}.*" for toolkit in matrices.toolkits if toolkit.components]}
    for toolkit in matrices.toolkits:
        for name, specifier in toolkit.components.items():
            specifiers.setdefault(name, []).append(specifier)
    for library in matrices.libraries:
        if is_cudnn(library):
            specifiers.setdefault(library.distribution, []).extend(row.cudnn for row in matrices.cudnn)
    others = [library for library in matrices.libraries if library.distribution not in specifiers]
    for library in others:
        specifiers.setdefault(library.distribution, []).append(library.versions)
    return specifiers
