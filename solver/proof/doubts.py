"""Why a lock does not, or not surely, run on a GPU: a sentence each, for its prediction."""

from __future__ import annotations

from collections.abc import Iterable

from solver.core.answer import Answer
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.spelling import all_of
from solver.matrix.builds import has_cuda
from solver.matrix.rows import Build
from solver.matrix.rules import imported_first
from solver.proof.on_gpu import LockOnGpu


def doubts(case: LockOnGpu) -> Iterable[str]:
    """Why a build does not, or not surely, run on the GPU; that a framework has no code at all is told apart."""
    for package, build in case.builds.items():
        verdict, framework = case.runs(build), framework_of(package)
        apart = framework is not None and case.code(build) == "none"
        if verdict.answer is not Answer.YES and verdict.why and not apart:
            yield f"{_title(build)}: {verdict.why}"
        yield from _of_cudnn(case, build)
        kernels = case.kernels(build)
        if kernels.why:
            yield f"{_title(build)}: {kernels.why}"
    for breach in case.breaches:
        if imported_first(breach.rule) is None:
            yield f"{all_of(sorted(map(_name, breach.rule.when)))}: {breach.rule.why}"
    yield from _of_driver(case)
    yield from _of_finding(case)


def _of_driver(case: LockOnGpu) -> Iterable[str]:
    """That nobody read whether the driver serves a CUDA of the set."""
    if case.serves() is Answer.NOT_KNOWN and case.uses_gpu() is Answer.YES:
        yield f"nobody read whether driver {case.driver} serves its CUDA"


def _of_finding(case: LockOnGpu) -> Iterable[str]:
    """That a build does not, or not surely, find its libraries; of a framework that does not, ``misses`` tells."""
    for package, build in case.builds.items():
        finding = case.finds(build) if has_cuda(build) is Answer.YES else Answer.YES
        if finding is Answer.NOT_KNOWN:
            yield f"{_title(build)}: nobody read whether it finds its CUDA libraries"
        elif finding is Answer.NO and (framework_of(package) is None or not case.misses(build)):
            yield f"{_title(build)}: it does not find its CUDA libraries"


def _of_cudnn(case: LockOnGpu, build: Build) -> Iterable[str]:
    """Why a build comes upon a cuDNN that does not, or not surely, serve it; only of frameworks doubt is told."""
    alone, framework = case.cudnn(build), framework_of(build.package)
    if alone.answer is Answer.NO or (framework is not None and alone.answer is not Answer.YES):
        yield f"{_title(build)}: {alone.why}"
        return
    for first in case.frameworks.values() if framework is not None else ():
        verdict = case.cudnn(build, first)
        if first is not build and verdict.answer is not Answer.YES:
            yield f"{_title(build)} after {_title(first)}: {verdict.why}"


def _name(package: str) -> str:
    """A framework by its title, another package by its name."""
    framework = framework_of(package)
    return package if framework is None else FRAMEWORKS[framework].title


def _title(build: Build) -> str:
    framework = framework_of(build.package)
    return build.package if framework is None else FRAMEWORKS[framework].title
