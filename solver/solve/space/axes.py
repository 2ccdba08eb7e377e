"""The axes that are no package: which CUDA runtimes and which cuDNNs may be chosen."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.answer import NotKnown
from solver.matrix.builds import driver_refusal, major, stated
from solver.solve.space.scope import Scope
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Candidate, Exclusion

Offer = tuple[list[Candidate], list[Exclusion]]
"""What may be chosen, newest first, and what may not."""


def cuda_candidates(scope: Scope) -> Offer:
    """CUDA runtimes (major.minor) that the target's driver and GPUs take; "none" for CPU."""
    if scope.cpu_only:
        return [Candidate(AXIS_CUDA, 0, "none")], []
    usable, excluded = [], []
    for row in sorted(scope.matrices.toolkits, key=lambda row: Version(row.cuda)):
        if scope.matrices.family(major(row.cuda)) is None:
            continue  # older than anything that the matrices tell a driver of
        refusal = driver_refusal(row, scope.matrices, scope.target)
        outside = [g for g in scope.target.gpus if _outside(g, row.gpu_min, row.gpu_max)]
        if refusal is not None:
            excluded.append(Exclusion(AXIS_CUDA, row.cuda, *refusal))
        elif outside:
            why = f"it does not serve compute capability {outside[0]}"
            excluded.append(Exclusion(AXIS_CUDA, row.cuda, why, row.source, row.id))
        else:
            usable.append(row)
    usable.sort(key=lambda row: Version(row.cuda), reverse=True)
    return [Candidate(AXIS_CUDA, i, row.cuda, row=row.id) for i, row in enumerate(usable)], excluded


def cudnn_candidates(scope: Scope, brought: Iterable[str]) -> Offer:
    """Every cuDNN that serves the GPUs: those ``brought`` by a distribution, and those of torch builds."""
    versions: dict[str, str | None] = dict.fromkeys(brought)
    excluded = []
    for build in scope.matrices.builds:
        cudnn = stated(build.cudnn)
        if cudnn is not None and cudnn.count(".") > 2:
            versions.setdefault(cudnn, None)
    facts = sorted(scope.matrices.cudnn, key=lambda row: row.id)
    for version in list(versions):
        rows = [r for r in facts if SpecifierSet(r.cudnn).contains(version)]
        versions[version] = rows[0].id if rows else None
        outside = [(r, g) for r in rows for g in scope.target.gpus if _outside(g, r.gpu_min, r.gpu_max)]
        if outside:
            row, gpu = outside[0]
            why = f"it does not serve compute capability {gpu}"
            excluded.append(Exclusion(AXIS_CUDNN, version, why, row.source, row.id))
            del versions[version]
    ordered = sorted(versions, key=lambda text: Version(text), reverse=True)
    return [Candidate(AXIS_CUDNN, i, version, row=versions[version]) for i, version in enumerate(ordered)], excluded


def _outside(gpu: str, lowest: str | NotKnown, highest: str | NotKnown) -> bool:
    # A toolkit older than a GPU still serves it through PTX, so only the lower end refuses.
    return isinstance(lowest, str) and Version(gpu) < Version(lowest)
