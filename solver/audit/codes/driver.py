"""``driver``: the target's NVIDIA driver is too old for a build's CUDA, minor versions counted in."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import Build
from solver.audit.facts import Facts
from solver.audit.words import version
from solver.core.model import Finding
from solver.matrix.builds import stated

CODE = "driver"


def find(facts: Facts) -> Iterator[Finding]:
    """A build whose CUDA the driver serves neither natively nor by minor-version compatibility."""
    driver = facts.target.driver
    # The default target's driver is the one that a lock promises, not one that anybody has.
    if driver is None or facts.assumed:
        return
    for build in facts.builds:
        needed, source = oldest_driver(facts, build)
        own, has = version(stated(build.row.driver)), version(driver)
        wanted = version(needed)
        if own is not None and has is not None and has < own and (wanted is None or own > wanted):
            yield _own(build, driver)
        elif wanted is not None and has is not None and has < wanted:
            yield Finding(
                code=CODE,
                severity="error",
                packages=(build.pin,),
                why=f"{build.pin} is built for CUDA {build.cuda}, which needs driver {needed} or newer; "
                f"the target's driver is {driver}",
                source=source,
                cure=f"update the driver to {needed} or newer, or take a build for an older CUDA",
            )


def _own(build: Build, driver: str) -> Finding:
    return Finding(
        code=CODE,
        severity="error",
        packages=(build.pin,),
        why=f"{build.pin} needs driver {stated(build.row.driver)} or newer; the target's driver is {driver}",
        source=build.source,
        cure=f"update the driver to {stated(build.row.driver)} or newer, or take another {build.package.name}",
    )


def oldest_driver(facts: Facts, build: Build) -> tuple[str | None, str]:
    """The oldest driver that serves a build, and who says so; None where no row tells."""
    if build.cuda is None or build.major is None:
        return None, ""
    windows = facts.target.platform == "win-64"
    family, toolkit = facts.matrices.family(build.major), facts.matrices.toolkit(build.cuda)
    for row in (family, toolkit):
        needed = None if row is None else stated(row.driver_windows if windows else row.driver)
        if row is not None and needed is not None:
            return needed, row.source
    return None, ""
