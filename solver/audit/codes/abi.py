"""``abi``: a build stands without the package it was compiled against, or beside another version or build of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.core.answer import Answer
from solver.core.frameworks import COMPANIONS
from solver.core.model import Finding, PypiName
from solver.core.versions import meets
from solver.matrix.builds import broken_bounds, made_for
from solver.matrix.companions import bound_row, is_alone, is_loadable

CODE = "abi"
_OWN_CODES: Mapping[str, str] = {"numpy": "numpy-abi", "protobuf": "protobuf-runtime"}
"""Bounds that are told under the code that rules on the same package are told under."""
_LOADING = "github.com/pytorch/pytorch/issues/111983; github.com/tenstorrent/tt-forge/issues/890"


def find(context: AuditContext) -> Iterator[Finding]:
    """The bounds of rows that the set breaks, where no metadata tells them; code for CUDA beside a CPU torch."""
    for build in (*context.builds, *context.parts, *map(partial(_as_released, context), context.companions)):
        for bound, name in broken_bounds(build.row, context.stated):
            if bound.generated is None:
                yield from _finding(context, build, context.packages[PypiName(name)], bound.specifier)
    yield from _without_cuda(context)
    yield from _alone(context) if context.set.closed else ()
    yield from _of_conda(context)
    yield from _unread_of_conda(context)


def _alone(context: AuditContext) -> Iterator[Finding]:
    """Companions whose framework a closed set lacks, where no metadata tells it: that of some names no framework."""
    for name in (name for name in context.packages if name in COMPANIONS):
        package, framework = context.packages[name], COMPANIONS[name]
        asks = any(context.requirements(package, about=framework))
        if package.from_index and not asks and is_alone(name, context.packages):
            yield finding_about(
                (package,),
                code=CODE,
                severity="error",
                why=f"{package.pin} is compiled against {framework}, which is not in the set: it cannot be imported",
                source=f"{name} is a companion of {framework}",
                cure=f"add {framework}, or take {name} out",
            )


def _of_conda(context: AuditContext) -> Iterator[Finding]:
    """conda's builds that were linked to another version of a library than the one here."""
    for link in (link for name in context.conda.packages for link in context.conda.other_libraries(name)):
        package, library = (context.conda_package(one.name) for one in (link.package, link.library))
        if package is not None and library is not None:
            yield finding_about(
                (package, library),
                code=CODE,
                severity="error",
                why=f"{package.pin} {link.why}",
                source=link.source,
                cure=f"take {library.conda} {link.built}.*, or another build of {package.conda}",
                row=link.row,
            )


def _unread_of_conda(context: AuditContext) -> Iterator[Finding]:
    """conda's builds of frameworks without a row, beside libraries that such builds are linked to."""
    for name in context.conda.packages:
        package, libraries = context.conda_package(name), context.conda.unread_links(name)
        if package is not None and libraries:
            names = listed(one.name for one in libraries)
            yield finding_about(
                (package,),
                code=CODE,
                severity="note",
                why=f"nobody read which {names} {package.pin} of conda was built against",
                source="the matrices",
                cure="`interlock refresh` records new versions; conda's own record of it may tell",
            )


def _as_released(context: AuditContext, build: BuiltPackage) -> BuiltPackage:
    """A build with the row that tells its bounds.

    conda's are compiled against what their own recipe names and say so in their depends.
    """
    if build.package.from_conda:
        return build
    return replace(build, row=bound_row(context.matrices, build.row, build.package.version or ""))


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
        if not isinstance(torch, BuiltPackage) or not build.package.from_index:
            continue
        if is_loadable(build.row, torch.row) is not Answer.NO:
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
