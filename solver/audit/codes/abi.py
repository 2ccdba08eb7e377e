"""``abi``: a build stands beside another version of a package than the one its code was compiled against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.model import Finding, PypiName
from solver.core.versions import meets
from solver.matrix.builds import broken_bounds

CODE = "abi"
_OWN_CODES: Mapping[str, str] = {"numpy": "numpy-abi", "protobuf": "protobuf-runtime"}
"""Bounds that are told under the code that rules on the same package are told under."""


def find(context: AuditContext) -> Iterator[Finding]:
    """The bounds of the rows that the set breaks, where the metadata does not tell them anyway."""
    for build in (*context.builds, *context.companions):
        for bound, name in broken_bounds(build.row, context.stated):
            if bound.generated is None:
                yield from _finding(context, build, context.packages[PypiName(name)], bound.specifier)


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
