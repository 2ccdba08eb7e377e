"""The axes that are no package: which CUDA runtimes and which cuDNNs may be chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.answer import NotKnown
from solver.matrix.builds import driver_refusal, major, stated
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Candidate, Exclusion

if TYPE_CHECKING:
    from solver.solve.space.packages import PackageSpace


def cuda_candidates(space: PackageSpace) -> list[Candidate]:
    """CUDA runtimes (major.minor) that the target's driver and GPUs take, newest first; "none" for CPU."""
    if space.cpu_only:
        return [Candidate(AXIS_CUDA, 0, "none")]
    usable = []
    for row in sorted(space.matrices.toolkits, key=lambda row: Version(row.cuda)):
        if space.matrices.family(major(row.cuda)) is None:
            continue  # older than anything that the matrices tell a driver of
        refusal = driver_refusal(row, space.matrices, space.target)
        outside = [g for g in space.target.gpus if _outside(g, row.gpu_min, row.gpu_max)]
        if refusal is not None:
            exclude(space, AXIS_CUDA, row.cuda, *refusal)
        elif outside:
            exclude(
                space,
                AXIS_CUDA,
                row.cuda,
                f"it does not serve compute capability {outside[0]}",
                row.source,
                row.id,
            )
        else:
            usable.append(row)
    usable.sort(key=lambda row: Version(row.cuda), reverse=True)
    return [Candidate(AXIS_CUDA, i, row.cuda, row=row.id) for i, row in enumerate(usable)]


def cudnn_candidates(space: PackageSpace) -> list[Candidate]:
    """Every cuDNN that a distribution or a torch build brings and that serves the GPUs, newest first."""
    versions: dict[str, str | None] = {}
    for library in space.matrices.libraries:
        if library.library == "cudnn":
            versions |= {c.version: None for c in space.candidates(library.distribution)}
    for build in space.matrices.builds:
        cudnn = stated(build.cudnn)
        if cudnn is not None and cudnn.count(".") > 2:
            versions.setdefault(cudnn, None)
    facts = sorted(space.matrices.cudnn, key=lambda row: row.id)
    for version in list(versions):
        rows = [r for r in facts if SpecifierSet(r.cudnn).contains(version)]
        versions[version] = rows[0].id if rows else None
        outside = [(r, g) for r in rows for g in space.target.gpus if _outside(g, r.gpu_min, r.gpu_max)]
        if outside:
            row, gpu = outside[0]
            exclude(space, AXIS_CUDNN, version, f"it does not serve compute capability {gpu}", row.source, row.id)
            del versions[version]
    ordered = sorted(versions, key=lambda text: Version(text), reverse=True)
    return [Candidate(AXIS_CUDNN, i, version, row=versions[version]) for i, version in enumerate(ordered)]


def exclude(space: PackageSpace, ident: str, version: str, why: str, source: str, row: str | None) -> None:
    """Keep the reason why ``version`` may not be chosen."""
    space.exclusions[ident].append(Exclusion(ident, version, why, source, row))


def _outside(gpu: str, lowest: str | NotKnown, highest: str | NotKnown) -> bool:
    # A toolkit older than a GPU still serves it through PTX, so only the lower end refuses.
    return isinstance(lowest, str) and Version(gpu) < Version(lowest)
