"""``abi``: a build stands beside another version or build of a package than the one it was compiled against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import Answer
from solver.core.frameworks import COMPANIONS
from solver.core.model import Finding, PypiName
from solver.core.versions import meets, version_or_none
from solver.matrix.builds import broken_bounds, made_for
from solver.matrix.rows import Build

CODE = "abi"
_OWN_CODES: Mapping[str, str] = {"numpy": "numpy-abi", "protobuf": "protobuf-runtime"}
"""Bounds that are told under the code that rules on the same package are told under."""
_LOADING = "github.com/pytorch/pytorch/issues/111983; github.com/tenstorrent/tt-forge/issues/890"


def find(context: AuditContext) -> Iterator[Finding]:
    """The bounds of rows that the set breaks, where no metadata tells them; code for CUDA beside a CPU torch."""
    for build in (*context.builds, *map(partial(_as_released, context), context.companions)):
        for bound, name in broken_bounds(build.row, context.stated):
            if bound.generated is None:
                yield from _finding(context, build, context.packages[PypiName(name)], bound.specifier)
    yield from _without_cuda(context)


def _as_released(context: AuditContext, build: BuiltPackage) -> BuiltPackage:
    """A build that no row knows as that of its release which one does: all of one release are for one framework.

    Not so conda's, which are compiled against what their own recipe names and say so in their depends.
    """
    version = version_or_none(build.package.version)
    if not build.guessed or version is None or build.package.origin == "conda":
        return build
    row = context.matrices.build(build.package.name, version.public, context.target.platform)
    return replace(build, row=row) if isinstance(row, Build) else build


def _finding(context: AuditContext, build: BuiltPackage, other: Package, bound: str) -> Iterator[Finding]:
    if _metadata_tells(context, build.package, other):
        return
    yield finding_about(
        (build.package, other),
        code=_OWN_CODES.get(other.name, CODE),
        severity="error",
        why=f"{build.pin} was compiled against {other.name}{bound}, and the set has {other.version}",
        source=build.source,
        cure=f"take {other.name}{bound}, or another {build.package.name}",
        row=build.row.id,
    )


def _metadata_tells(context: AuditContext, package: Package, other: Package) -> bool:
    requirements = context.requirements(package, about=other.name)
    return any(not meets(other.version or "", str(requirement.specifier)) for requirement in requirements)


def _without_cuda(context: AuditContext) -> Iterator[Finding]:
    """Companions that are linked to the CUDA half of a torch that has none: metadata tells no build from another."""
    for build in context.companions:
        torch = context.build(COMPANIONS[build.package.name])
        if not isinstance(torch, BuiltPackage) or torch.has_cuda is not Answer.NO:
            continue
        if build.package.origin != "pypi" or build.has_cuda is not Answer.YES:
            continue
        yield finding_about(
            (build.package, torch.package),
            code=CODE,
            severity="error",
            why=f"{build.pin} is built with CUDA {build.cuda} and is linked to libraries that {torch.pin}, a CPU "
            "build, does not have: it cannot be loaded",
            source=f"{build.source}; {torch.source}; {_LOADING}",
            cure=f"take {_cpu_twin(build, torch)}, or a torch with CUDA {build.cuda}",
            row=build.row.id,
        )


def _cpu_twin(build: BuiltPackage, torch: BuiltPackage) -> str:
    name, release = build.package.name, (build.package.version or "").partition("+")[0]
    made = made_for(torch.row, name)
    if made:
        return f"{name}=={made[-1]}"
    return f"{name}=={release}+cpu of the index that {torch.pin} is of"
