"""Rows of matrices/verified.yaml, learned from committed evidence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from solver.core.axes import axes_of
from solver.core.frameworks import FRAMEWORKS
from solver.matrix.rows import Verified
from solver.matrix.write import write_matrix
from solver.proof.evidence import Evidence
from solver.proof.evidence_files import evidence_name

HEADER = "Locks that ran on a GPU. Made by `interlock matrices learn` out of locks/*/evidence; do not edit."

_COMPILERS = [entry.compiler for entry in FRAMEWORKS.values() if entry.compiler is not None]
_DECIDING = (*axes_of("framework", "package", "python"), *_COMPILERS)
_PREFIXES = ("nvidia-", "cuda-", *(entry.conda for entry in FRAMEWORKS.values()))
"""How the names of CUDA's libraries begin, and of the packages that a framework comes in."""


def verified_row(evidence: Evidence) -> Verified:
    """The row of one verified lock: the packages that decide whether a GPU works, at their versions."""
    name = evidence_name(evidence).removesuffix(".json")
    packages = {
        package: version
        for package, version in sorted(evidence.packages.items())
        if package in _DECIDING or package.startswith(_PREFIXES)
    }
    return Verified(
        id=f"verified-{evidence.profile}-{name}",
        source=f"locks/{evidence.profile}/evidence/{name}.json",
        profile=evidence.profile,
        lock=evidence.lock,
        gpu=evidence.gpu.name,
        driver=evidence.driver,
        packages=packages,
    )


def verified_rows(evidence: Iterable[Evidence]) -> tuple[Verified, ...]:
    """The rows of everything that was verified, by id."""
    rows = (verified_row(one) for one in evidence if one.result == "verified")
    return tuple(sorted(rows, key=lambda row: row.id))


def write_verified(evidence: Iterable[Evidence], file: Path) -> tuple[Verified, ...]:
    """Write the rows of ``evidence`` to ``file`` (matrices/verified.yaml); no committed lock is changed by it."""
    rows = verified_rows(evidence)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_matrix(file, rows, HEADER)
    return rows
