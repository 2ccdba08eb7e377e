"""The axes that are no package: which CUDA runtimes and which cuDNNs may be chosen, and which come inside wheels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from packaging.version import Version

from solver.core.answer import Answer, NotKnown
from solver.matrix.cudnn import built_with
from solver.matrix.drivers import driver_serves
from solver.matrix.gpus import cudnn_row, cudnn_serves, toolkit_serves
from solver.matrix.runtimes import Inside
from solver.solve.space.scope import Scope
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Candidate, Exclusion

Offer = tuple[list[Candidate], list[Exclusion]]
"""What may be chosen, newest first, and what may not."""


def cuda_candidates(scope: Scope) -> Offer:
    """CUDA runtimes (major.minor) that the target's driver and GPUs take; "none" for CPU."""
    if scope.cpu_only:
        return [Candidate(AXIS_CUDA, 0, "none")], []
    usable, excluded = [], []
    for row in sorted(scope.matrices.toolkits, key=lambda row: Version(row.cuda), reverse=True):
        driver = driver_serves(row.cuda, scope.place, scope.matrices)
        refused = [toolkit_serves(row, gpu) for gpu in scope.target.gpus]
        # A driver has to be known to serve, a GPU only not to be known unserved.
        refused = [one for one in refused if one.answer is Answer.NO]
        if driver.answer is not Answer.YES:
            refused.insert(0, driver)
        if refused:
            why = refused[0]
            why = replace(why, source=why.source or row.source, row=why.row or row.id)
            excluded.append(Exclusion(AXIS_CUDA, row.cuda, why))
        else:
            usable.append(row)
    return [Candidate(AXIS_CUDA, i, row.cuda, row=row.id) for i, row in enumerate(usable)], excluded[::-1]


def cudnn_candidates(scope: Scope, brought: Iterable[str]) -> Offer:
    """Every cuDNN that serves the GPUs: those ``brought`` by a distribution, and those of torch builds."""
    versions: dict[str, str | None] = dict.fromkeys(brought)
    excluded = []
    for build in scope.matrices.builds:
        cudnn = built_with(build)
        if isinstance(cudnn, str) and cudnn.count(".") > 2:
            versions.setdefault(cudnn, None)
    for version in list(versions):
        row = cudnn_row(version, scope.matrices.cudnn)
        versions[version] = None if isinstance(row, NotKnown) else row.id
        verdicts = (cudnn_serves(version, gpu, scope.matrices.cudnn) for gpu in scope.target.gpus)
        refused = next((one for one in verdicts if one.answer is Answer.NO), None)
        if refused is not None:
            excluded.append(Exclusion(AXIS_CUDNN, version, refused))
            del versions[version]
    ordered = sorted(versions, key=lambda text: Version(text), reverse=True)
    return [Candidate(AXIS_CUDNN, i, version, row=versions[version]) for i, version in enumerate(ordered)], excluded


def inside_candidates(scope: Scope, ident: str) -> list[Candidate]:
    """What lies in some wheel of the package that ``ident`` is about."""
    return [Candidate(ident, position, _text(one)) for position, one in enumerate(scope.inside[ident])]


def _text(one: Inside) -> str:
    version = "not known" if isinstance(one.version, NotKnown) else one.version
    return version if one.surely else f"perhaps {version}"
