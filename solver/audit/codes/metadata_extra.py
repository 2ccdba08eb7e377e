"""``metadata`` of what a framework's and-cuda extra asks for, where the set has not named the extra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solver.audit.askers import refusing
from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.core.model import Finding
from solver.core.spelling import command
from solver.core.versions import meets, specifier_or_none
from solver.matrix.builds import extra_for_cuda
from solver.matrix.observations import is_of_several_frameworks, of_this, working

CODE = "metadata"
_MOST = 20
"""So many requirements are named in a sentence."""


def outside_the_extra(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    """What the and-cuda extra would refuse, had the set named it: too old, or of a later major.

    Extras that pin one version exactly are read as its minimum, since CUDA and
    cuDNN promise that a newer minor serves what an older one served.
    """
    if build.package.extras:
        return
    refused = [
        (package, bound)
        for name, bound in sorted(extra_for_cuda(build.row).items())
        if (package := context.package(name)) is not None
        and package.version is not None
        and not _is_enough(bound, package.version)
    ]
    if refused:
        yield _finding(context, build, refused)


def _finding(context: AuditContext, build: BuiltPackage, refused: Sequence[tuple[Package, str]]) -> Finding:
    seen = next(filter(None, (evidence(context, package.name) for package, _ in refused)), None)
    bounds = listed((f"{package.name}{bound}" for package, bound in refused), most=_MOST)
    there = listed((package.version or "" for package, _ in refused), most=_MOST)
    others = {other for package, bound in refused for other, _ in refusing(context, package.name, bound)}
    cure = f"take {bounds}"
    # What another package wants and a run showed to work is no fault of the set's; without a run a search has to tell.
    if others and seen:
        cure = f"keep it, since {listed(sorted(package.pin for package in others))} asks for another version"
    elif others:
        pins = sorted({build.pin, *(package.pin for package in others)})
        cure = f"{command('interlock', 'explain', *pins)} looks for builds whose libraries go together"
    return finding_about(
        (build.package, *(package for package, _ in refused)),
        code=CODE,
        severity="warning",
        why=f"the and-cuda extra of {build.pin} asks for {bounds}, and the set has {there}; "
        f"that it works all the same: {seen or 'no evidence'}",
        source=build.row.source,
        cure=cure,
        row=build.row.id,
    )


def _is_enough(bound: str, version: str) -> bool:
    clauses = specifier_or_none(bound)
    if clauses is None:
        return True
    lenient = ",".join(f">={clause.version}" if clause.operator in ("==", "~=") else str(clause) for clause in clauses)
    return meets(version, lenient)


def evidence(context: AuditContext, name: str) -> str | None:
    """A run on a GPU, or an observation, of frameworks together at the set's versions; best one that names ``name``.

    None where there is none.
    """
    matrices, here = context.matrices, (context.stated, context.place.python)
    runs = [row for row in of_this(matrices.verified, *here) if is_of_several_frameworks(row)]
    seen = [row for row in of_this(working(matrices), *here) if is_of_several_frameworks(row)]
    fitting = [
        *((name not in row.packages, f"ran on {row.gpu} with driver {row.driver} ({row.id})") for row in runs),
        *((name not in row.packages, f"{row.seen} ({row.id})") for row in seen),
    ]
    return min(fitting, key=lambda entry: entry[0])[1] if fitting else None
