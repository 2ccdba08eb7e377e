"""``cpu-build``: a framework without CUDA where the set or the target is meant for a GPU."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import Build
from solver.audit.facts import Facts
from solver.audit.words import listed
from solver.core.answer import Answer
from solver.core.model import Finding
from solver.matrix.builds import has_cuda

CODE = "cpu-build"


def find(facts: Facts) -> Iterator[Finding]:
    """A CPU build beside CUDA libraries, beside a framework with CUDA, or on a target with a GPU."""
    if facts.target.driver is None:
        return
    for build in facts.builds:
        # Only of a framework CUDA is expected; a package that lies beside it may well have none.
        if build.framework is not None and build.has_cuda is Answer.NO:
            yield from _check(facts, build)


def _check(facts: Facts, build: Build) -> Iterator[Finding]:
    reasons = []
    if facts.target.gpus:
        reasons.append(f"the target has a GPU of compute capability {listed(facts.target.gpus)}")
    if facts.provided:
        reasons.append(f"the set carries CUDA libraries ({listed(_names(facts), most=3)})")
    with_cuda = [other.pin for other in facts.builds if other.cuda is not None]
    if with_cuda:
        reasons.append(f"{listed(with_cuda)} is a CUDA build")
    if not reasons:
        return
    yield Finding(
        code=CODE,
        severity="error" if facts.target.gpus or facts.provided else "warning",
        packages=(build.pin,),
        why=f"{build.pin} is a CPU build on {facts.target.platform}, and {reasons[0]}",
        source=build.source,
        cure=_cure(facts, build),
    )


def _names(facts: Facts) -> list[str]:
    return sorted({item.package.name for item in facts.provided})


def _cure(facts: Facts, build: Build) -> str:
    if build.framework == "tensorflow" and build.package.name != "tensorflow":
        plain = facts.matrices.build("tensorflow", build.package.version or "", facts.target.platform)
        if plain is not None and has_cuda(plain) is Answer.YES:
            return f"take tensorflow=={build.package.version} instead of {build.package.name}"
    if build.package.origin == "conda":
        return f"take a build of {build.package.conda} whose build string starts with cuda"
    elsewhere = [
        row.version
        for row in facts.matrices.builds_of("torch")
        if build.framework == "torch" and row.platform == facts.target.platform and has_cuda(row) is Answer.YES
    ]
    release = (build.package.version or "").partition("+")[0]
    same = [version for version in elsewhere if version and version.partition("+")[0] == release]
    if same:
        return f"take a CUDA build of it: {listed(f'torch=={version}' for version in same)}"
    return f"take a {build.framework} that has CUDA on {facts.target.platform}, or drop the CUDA packages"
