"""``driver``: the target's NVIDIA driver is too old for a build, minor-version compatibility counted in, or may be."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.core.answer import Answer, NotKnown, Verdict
from solver.core.model import Finding
from solver.matrix.drivers import Oldest, driver_serves, knows_gpus, oldest_for, oldest_of

CODE = "driver"


def find(context: AuditContext) -> Iterator[Finding]:
    """A build whose CUDA the driver serves neither natively nor by minor-version compatibility."""
    driver = context.place.driver
    if driver is None or isinstance(driver, NotKnown):
        return
    known = knows_gpus(context.place, context.matrices)
    if known.answer is Answer.NO:
        needed = oldest_for(context.target.gpus, context.target.platform, context.matrices)
        cure = "" if isinstance(needed, NotKnown) else f"update the driver to {needed.driver} or newer"
        yield from (_finds_no_gpu(build, known, cure) for build in context.builds if build.has_cuda is Answer.YES)
        return
    for build in context.builds:
        oldest = oldest_of(build.row, context.matrices)
        served = oldest.serves(driver) if isinstance(oldest, Oldest) else Answer.NOT_KNOWN
        if served is Answer.NOT_KNOWN and isinstance(build.cuda, str):
            yield _not_known(build, driver_serves(build.cuda, context.place, context.matrices))
        elif served is Answer.NO and isinstance(oldest, Oldest):
            yield _too_old(build, oldest, driver)


def _finds_no_gpu(build: BuiltPackage, known: Verdict, cure: str) -> Finding:
    """No other build of the package helps."""
    return finding_about(
        (build.package,),
        code=CODE,
        severity="error",
        why=f"{build.pin} cannot run: {known.why}",
        source=known.source,
        cure=cure,
        row=known.row,
    )


def _not_known(build: BuiltPackage, verdict: Verdict) -> Finding:
    return finding_about(
        (build.package,),
        code=CODE,
        severity="note",
        why=f"{build.pin} is built for CUDA {build.cuda}: {verdict.why}",
        source=verdict.source,
        cure=f"take a build of {build.package.name} for another CUDA, or run it with that driver first",
        row=verdict.row,
    )


def _too_old(build: BuiltPackage, needed: Oldest, driver: str) -> Finding:
    itself = needed.row == build.row.id
    what = "needs" if itself else f"is built for CUDA {build.cuda}, which needs"
    other = f"another {build.package.name}" if itself else "a build for an older CUDA"
    return finding_about(
        (build.package,),
        code=CODE,
        severity="error",
        why=f"{build.pin} {what} driver {needed.driver} or newer; the target's driver is {driver}",
        source=needed.source,
        cure=f"update the driver to {needed.driver} or newer, or take {other}",
    )
