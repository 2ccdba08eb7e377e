"""``driver``: the target's NVIDIA driver is too old for a build, minor-version compatibility counted in, or may be."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.model import Finding
from solver.matrix.drivers import Oldest, driver_serves, knows_gpus, oldest, oldest_for, oldest_of

CODE = "driver"


def find(context: AuditContext) -> Iterator[Finding]:
    """A build whose CUDA the driver serves neither natively nor by minor-version compatibility."""
    driver = context.place.driver
    if driver is None or isinstance(driver, NotKnown):
        return
    known = knows_gpus(context.place, context.matrices)
    if known.answer is Answer.NO:
        first = oldest_for(context.target.gpus, context.target.platform, context.matrices)
        cure = "" if isinstance(first, NotKnown) else f"update the driver to {first.driver} or newer"
        of_builds = (build.package for build in context.builds if build.has_cuda is Answer.YES)
        yield from (_finds_no_gpu(one, known, cure) for one in (*of_builds, *_runtimes(context)))
        return
    for build in context.builds:
        needed = oldest_of(build.row, context.matrices)
        served = needed.serves(driver) if isinstance(needed, Oldest) else Answer.NOT_KNOWN
        if served is Answer.NOT_KNOWN and isinstance(build.cuda, str):
            yield _not_known(build, driver_serves(build.cuda, context.place, context.matrices))
        elif served is Answer.NO and isinstance(needed, Oldest):
            yield _too_old(build, needed, driver)
    for package in _runtimes(context):
        yield from _of_runtime(context, package, driver)


def _runtimes(context: AuditContext) -> Iterator[Package]:
    """conda's CUDA, where nothing but that tells the CUDA of some build of conda's."""
    runtime = context.conda.runtime
    names = ((package, context.pypi_name_of(package)) for package in context.set.packages if package.from_conda)
    coded = (package for package, name in names if name is not None and context.has_gpu_code(name))
    package = None if runtime is None else context.conda_package(runtime.name)
    if package is not None and any(one.conda not in context.conda.builds for one in coded):
        yield package


def _of_runtime(context: AuditContext, package: Package, driver: str) -> Iterator[Finding]:
    cuda = context.conda.cuda
    needed = NOT_KNOWN if isinstance(cuda, NotKnown) else oldest(cuda, context.target.platform, context.matrices)
    if isinstance(needed, Oldest) and needed.serves(driver) is Answer.NO:
        yield finding_about(
            (package,),
            code=CODE,
            severity="error",
            why=f"{package.pin} needs driver {needed.driver} or newer; the target's driver is {driver}",
            source=needed.source,
            cure=f"update the driver to {needed.driver} or newer, or take an older {package.name}",
        )


def _finds_no_gpu(package: Package, known: Verdict, cure: str) -> Finding:
    """No other build of the package helps."""
    return finding_about(
        (package,),
        code=CODE,
        severity="error",
        why=f"{package.pin} cannot run: {known.why}",
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
