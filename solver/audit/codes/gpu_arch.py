"""``gpu-arch``: a build or a CUDA library has no code for the target's GPU."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.model import Finding
from solver.core.versions import numbers
from solver.matrix.builds import code_for, compiles_ptx, entries
from solver.matrix.cudnn import carried
from solver.matrix.drivers import own
from solver.matrix.gpus import cudnn_row, cudnn_serves, is_newer, span, toolkit_serves
from solver.matrix.rows import CudaToolkit, Cudnn

CODE = "gpu-arch"


def find(context: AuditContext) -> Iterator[Finding]:
    """For each compute capability that the target names."""
    for gpu in context.target.gpus:
        for build in context.builds:
            if build.cuda is not None:
                yield from _of_build(context, build, gpu)
        yield from _of_cudnn(context, gpu)
        yield from _of_conda_toolkit(context, gpu)


def _of_build(context: AuditContext, build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    code = code_for(gpu, build.row.sm, build.row.ptx)
    if code is NOT_KNOWN:
        yield from _unread(build, gpu)
    elif code == "none":
        yield _no_code(context, build, gpu)
    elif code == "ptx":
        yield from _needs_compiling(context, build, gpu)


def _no_code(context: AuditContext, build: BuiltPackage, gpu: str) -> Finding:
    toolkit, sm = context.matrices.toolkit(build.cuda or ""), entries(build.row.sm)
    beyond = isinstance(toolkit, CudaToolkit) and is_newer(gpu, toolkit)
    newer = beyond or (bool(sm) and numbers(gpu) > max(map(numbers, sm)))
    return finding_about(
        (build.package,),
        code=CODE,
        severity="error",
        why=f"{build.pin} has neither machine code nor PTX for compute capability {gpu}; it has code for "
        f"{', '.join(sm)}",
        source=build.source,
        cure=f"take {'a newer' if newer else 'an older'} {build.package.name}, or another CUDA build of it",
    )


def _unread(build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    # Of conda's builds nobody read it at all; `interlock verify --predict` says so once for the lock.
    if build.package.origin == "conda":
        return
    yield finding_about(
        (build.package,),
        code=CODE,
        severity="note",
        why=f"nobody read which compute capabilities {build.pin} has code for, so {gpu} is not assured",
        source=build.source,
        cure=f"take a {build.package.name} whose row names them, or run it on that GPU first",
    )


def _needs_compiling(context: AuditContext, build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    """PTX of a newer toolkit than the driver's: minor-version compatibility does not cover it."""
    driver, cuda, platform = context.target.driver, build.cuda, context.target.platform
    if driver is None or cuda is None or context.assumed:
        return
    compiled = compiles_ptx(cuda, driver, platform, context.matrices)
    only = f"{build.pin} has only PTX for compute capability {gpu}, and"
    needed = own(cuda, platform, context.matrices)
    if compiled.answer is Answer.NO and not isinstance(needed, NotKnown):
        yield finding_about(
            (build.package,),
            code=CODE,
            severity="error",
            why=f"{only} driver {driver} cannot compile PTX of CUDA {cuda}",
            source=compiled.source,
            cure=f"take driver {needed.driver} or newer, or a build with machine code for {gpu}",
        )
    if compiled.answer is Answer.NOT_KNOWN:
        yield finding_about(
            (build.package,),
            code=CODE,
            severity="note",
            why=f"{only} {compiled.why}",
            source=compiled.source,
            cure=f"take a build with machine code for {gpu}, or run it on that GPU first",
        )


def _of_cudnn(context: AuditContext, gpu: str) -> Iterator[Finding]:
    for package, version in _cudnns(context):
        row = cudnn_row(version, context.matrices.cudnn)
        served = cudnn_serves(version, gpu, context.matrices.cudnn)
        if isinstance(row, Cudnn) and served.answer is Answer.NO:
            inside = "" if package.version == version else f" carries cuDNN {version}, which"
            serves = f" serves compute capability {span(row)}, not {gpu}"
            yield finding_about(
                (package,),
                code=CODE,
                severity="error",
                why=package.pin + inside + (serves if row.id == served.row else f" does not serve {gpu}: {served.why}"),
                source=served.source,
                cure=f"take {'an older' if _is_older(gpu, row) else 'a newer'} {package.name}",
            )


def _is_older(gpu: str, row: Cudnn) -> bool:
    """Whether the GPU is surely older than any that a cuDNN knows."""
    return isinstance(row.gpu_min, str) and numbers(gpu) < numbers(row.gpu_min)


def _cudnns(context: AuditContext) -> Iterator[tuple[Package, str]]:
    """Every cuDNN of the set with its version: pip's packages, conda's, and those inside other wheels."""
    packages = {item.package.name: item.package for item in context.provided if item.library.library == "cudnn"}
    conda = context.conda_package("cudnn")
    if conda is not None:
        packages[conda.name] = conda
    yield from ((package, package.version) for package in packages.values() if package.version is not None)
    for build in context.builds:
        inside = carried(build.row) if build.package.origin == "pypi" else None
        if isinstance(inside, str):
            yield build.package, inside


def _of_conda_toolkit(context: AuditContext, gpu: str) -> Iterator[Finding]:
    """What conda's builds run on; of a wheel its own code is asked."""
    for name in ("cuda-version", "cudatoolkit"):
        package = context.conda_package(name)
        if package is None or package.version is None:
            continue
        toolkit = context.matrices.toolkit(package.version)
        served = toolkit_serves(toolkit, gpu) if isinstance(toolkit, CudaToolkit) else None
        if served is not None and served.answer is Answer.NO:
            yield finding_about(
                (package,),
                code=CODE,
                severity="error",
                why=f"{package.pin} {served.why.removeprefix('it ')}",
                source=served.source,
                cure=f"take an older {package.name}",
            )
