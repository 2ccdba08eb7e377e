"""Which versions of a package rows tell apart: every specifier under which one of them says anything of it."""

from __future__ import annotations

from collections.abc import Iterator

from solver.core.versions import minor
from solver.matrix.clobbers import names, specifier_of
from solver.matrix.cudnn import built_with
from solver.matrix.libraries import is_cudnn
from solver.matrix.load import Matrices
from solver.matrix.rules import condition, demands, subjects
from solver.matrix.runtimes import decides


def distinctions(matrices: Matrices, name: str) -> Iterator[str]:
    """The specifiers of rows about the package ``name`` (normalized), each as often as a row has it."""
    for build in matrices.builds_of(name):
        yield f"=={build.version}" if isinstance(build.version, str) else str(build.versions)
    for rule in matrices.rules:
        if name in subjects(rule):
            yield condition(rule, name)
        if name in demands(rule):
            yield demands(rule)[name]
    for pair in matrices.clobbers:
        if name in names(pair):
            yield specifier_of(pair, name)
    yield from (row.versions for row in matrices.custom_ops if row.package == name)
    libraries = [row for row in matrices.libraries if row.distribution == name]
    yield from (row.versions for row in libraries)
    if any(map(is_cudnn, libraries)):
        yield from _cudnns(matrices)
    elif any(decides(row) is not None for row in libraries):
        yield from (f"=={row.cuda}.*" for row in matrices.toolkits)


def _cudnns(matrices: Matrices) -> Iterator[str]:
    yield from (row.cudnn for row in matrices.cudnn)
    for build in matrices.builds:
        cudnn = built_with(build)
        if isinstance(cudnn, str):
            yield from (f"=={cudnn}", f"=={minor(cudnn)}.*")
