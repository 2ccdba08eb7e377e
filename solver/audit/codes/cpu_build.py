"""``cpu-build``: a framework without CUDA where the set or the target is meant for a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.words import listed
from solver.core.answer import Answer
from solver.core.model import Finding
from solver.matrix.builds import has_cuda
from solver.matrix.rows import Build

CODE = "cpu-build"


def find(context: AuditContext) -> Iterator[Finding]:
    """A CPU build beside CUDA libraries, beside a framework with CUDA, or on a target with a GPU."""
    if context.target.driver is None:
        return
    for build in context.builds:
        # Only of a framework CUDA is expected; a package that lies beside it may well have none.
        if build.framework is not None and build.has_cuda is Answer.NO:
            yield from _check(context, build)


def _check(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    reasons = []
    if context.target.gpus:
        reasons.append(f"the target has a GPU of compute capability {listed(context.target.gpus)}")
    if context.provided:
        reasons.append(f"the set carries CUDA libraries ({listed(_names(context), most=3)})")
    with_cuda = [other.pin for other in context.builds if other.cuda is not None]
    if with_cuda:
        reasons.append(f"{listed(with_cuda)} is a CUDA build")
    if not reasons:
        return
    yield finding_about(
        (build.package,),
        code=CODE,
        severity="error" if context.target.gpus or context.provided else "warning",
        why=f"{build.pin} is a CPU build on {context.target.platform}, and {reasons[0]}",
        source=build.source,
        cure=_cure(context, build),
    )


def _names(context: AuditContext) -> list[str]:
    return sorted({item.package.name for item in context.provided})


def _cure(context: AuditContext, build: BuiltPackage) -> str:
    if build.framework == "tensorflow" and build.package.name != "tensorflow":
        plain = context.matrices.build("tensorflow", build.package.version or "", context.target.platform)
        if isinstance(plain, Build) and has_cuda(plain) is Answer.YES:
            return f"take tensorflow=={build.package.version} instead of {build.package.name}"
    if build.package.origin == "conda":
        return f"take a build of {build.package.conda} whose build string starts with cuda"
    elsewhere = [
        row.version
        for row in context.matrices.builds_of("torch")
        if build.framework == "torch" and row.platform == context.target.platform and has_cuda(row) is Answer.YES
    ]
    release = (build.package.version or "").partition("+")[0]
    same = [version for version in elsewhere if version and version.partition("+")[0] == release]
    if same:
        return f"take a CUDA build of it: {listed(f'torch=={version}' for version in same)}"
    return f"take a {build.framework} that has CUDA on {context.target.platform}, or drop the CUDA packages"
