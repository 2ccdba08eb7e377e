"""``gpu-arch``: a build or a CUDA library has no code for the target's GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from solver.audit.builds import Build
from solver.audit.facts import Facts
from solver.audit.package_set import Package
from solver.audit.rules import breaches
from solver.audit.words import matches, minor, pins
from solver.core.answer import NotKnown
from solver.core.model import Finding
from solver.matrix.builds import stated

CODE = "gpu-arch"


def find(facts: Facts) -> Iterator[Finding]:
    """For each compute capability that the target names."""
    yield from breaches(facts, CODE)
    for gpu in facts.target.gpus:
        for build in facts.builds:
            if build.cuda is not None:
                yield from _of_build(facts, build, gpu)
        yield from _of_cudnn(facts, gpu)


def has_native(gpu: str, sm: Sequence[str]) -> bool:
    """Whether machine code of one of ``sm`` runs on ``gpu``: the same major, no higher minor."""
    wanted = minor(gpu)
    return any(minor(code)[0] == wanted[0] and minor(code) <= wanted for code in sm)


def has_ptx(gpu: str, ptx: Sequence[str]) -> bool:
    """Whether a driver can compile PTX of one of ``ptx`` for ``gpu``: anything not newer."""
    return any(minor(code) <= minor(gpu) for code in ptx)


def _of_build(facts: Facts, build: Build, gpu: str) -> Iterator[Finding]:
    if isinstance(build.sm, NotKnown):
        yield from _unread(build, gpu)
        return
    if has_native(gpu, build.sm):
        return
    toolkit = facts.matrices.toolkit(build.cuda or "")
    if has_ptx(gpu, () if isinstance(build.ptx, NotKnown) else build.ptx):
        yield from _needs_compiling(facts, build, gpu)
        return
    beyond = toolkit is not None and isinstance(toolkit.gpu_max, str) and minor(gpu) > minor(toolkit.gpu_max)
    newer = beyond or (bool(build.sm) and minor(gpu) > max(map(minor, build.sm)))
    yield Finding(
        code=CODE,
        severity="error",
        packages=(build.pin,),
        why=f"{build.pin} has neither machine code nor PTX for compute capability {gpu}; it has code for "
        f"{', '.join(build.sm)}",
        source=build.source,
        cure=f"take {'a newer' if newer else 'an older'} {build.package.name}, or another CUDA build of it",
    )


def _unread(build: Build, gpu: str) -> Iterator[Finding]:
    # Of conda's builds nobody read it at all; `interlock verify --predict` says so once for the lock.
    if build.cuda is None or build.package.origin == "conda":
        return
    yield Finding(
        code=CODE,
        severity="warning",
        packages=(build.pin,),
        why=f"nobody read which compute capabilities {build.pin} has code for, so {gpu} is not assured",
        source=build.source,
        cure=f"take a {build.package.name} whose row names them, or run it on that GPU first",
    )


def _needs_compiling(facts: Facts, build: Build, gpu: str) -> Iterator[Finding]:
    """PTX of a newer toolkit than the driver's: minor-version compatibility does not cover it."""
    toolkit = facts.matrices.toolkit(build.cuda or "")
    driver = facts.target.driver
    needed = None if toolkit is None else stated(toolkit.driver)
    if driver is None or needed is None or matches(f">={needed}", driver) or facts.assumed:
        return
    yield Finding(
        code=CODE,
        severity="error",
        packages=(build.pin,),
        why=f"{build.pin} has only PTX for compute capability {gpu}, and driver {driver} cannot compile PTX of "
        f"CUDA {build.cuda}",
        source=toolkit.source if toolkit is not None else build.source,
        cure=f"take driver {needed} or newer, or a build with machine code for {gpu}",
    )


def _of_cudnn(facts: Facts, gpu: str) -> Iterator[Finding]:
    for package in _cudnns(facts):
        for row in facts.matrices.cudnn:
            if not matches(row.cudnn, package.version or ""):
                continue
            lowest, highest = stated(row.gpu_min), stated(row.gpu_max)
            too_old = lowest is not None and minor(gpu) < minor(lowest)
            too_new = highest is not None and minor(gpu) > minor(highest)
            if too_old or too_new:
                span = f"{lowest or 'the first'} to {highest or 'the newest'}"
                yield Finding(
                    code=CODE,
                    severity="error",
                    packages=pins((package,)),
                    why=f"{package.pin} serves compute capability {span}, not {gpu}",
                    source=row.source,
                    cure=f"take {'an older' if too_old else 'a newer'} {package.name}",
                )


def _cudnns(facts: Facts) -> list[Package]:
    found = {item.package.name: item.package for item in facts.provided if item.library.library == "cudnn"}
    return list(found.values())
