"""``gpu-arch``: a build or a CUDA library has no code for the target's GPU."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.axes import AXES
from solver.core.model import Finding
from solver.core.spelling import all_of
from solver.matrix.code import code_of, compiles_ptx, is_beyond, native
from solver.matrix.cudnn import carried, carries
from solver.matrix.drivers import own
from solver.matrix.gpus import CudaMajor, cudnn_row, cudnn_serves, is_older, toolkit_serves
from solver.matrix.libraries import is_cudnn
from solver.matrix.observations import without_code
from solver.matrix.rows import CUDNN, Cudnn

CODE = "gpu-arch"


def find(context: AuditContext) -> Iterator[Finding]:
    """For each compute capability that the target names."""
    for gpu in context.target.gpus:
        for build in context.builds:
            # What is known of its code is known, whichever CUDA it was built with.
            if build.has_cuda is not Answer.NO:
                yield from _of_build(context, build, gpu)
        yield from _unread_of_conda(context, gpu)
        yield from _of_cudnn(context, gpu)
        yield from _of_conda_toolkit(context, gpu)


def _of_build(context: AuditContext, build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    code = code_of(build.row, gpu)
    if code is NOT_KNOWN:
        yield from _unread(build, gpu)
    elif code == "none":
        yield _no_code(context, build, gpu)
    elif code == "ptx":
        yield from _needs_compiling(context, build, gpu)


def _no_code(context: AuditContext, build: BuiltPackage, gpu: str) -> Finding:
    sm, newer = native(build.row) or (), is_beyond(build.row, gpu, context.matrices)
    return finding_about(
        (build.package,),
        code=CODE,
        severity="error",
        why=f"{build.pin} has neither machine code nor PTX for compute capability {gpu}; it has code for "
        f"{', '.join(sm)}{_seen(context, build)}",
        source=build.source,
        cure=f"take {'a newer' if newer else 'an older'} {build.package.name}, or another CUDA build of it",
    )


def _seen(context: AuditContext, build: BuiltPackage) -> str:
    """What became of a build of the same package without code for its GPU, where somebody saw it."""
    seen = without_code(build.package.name, context.matrices)
    return "" if seen is None else f"; {seen}"


def _unread(build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    if build.package.from_conda:
        return  # told of all of them at once
    yield finding_about(
        (build.package,),
        code=CODE,
        severity="note",
        why=f"nobody read which compute capabilities {build.pin} has code for, so {gpu} is not assured",
        source=build.source,
        cure=f"take a {build.package.name} whose row names them, or run it on that GPU first",
    )


def _unread_of_conda(context: AuditContext, gpu: str) -> Iterator[Finding]:
    """Of conda's builds nobody read it at all: rows tell what their records have lost, and nothing of their code."""
    builds = [build for build in context.builds if build.package.from_conda and build.has_cuda is Answer.YES]
    unread = tuple(build.package for build in builds if code_of(build.row, gpu) is NOT_KNOWN)
    if unread:
        yield finding_about(
            unread,
            code=CODE,
            severity="note",
            why=f"nobody read which compute capabilities {all_of([package.pin for package in unread])} of conda "
            f"{'has' if len(unread) == 1 else 'have'} code for, so {gpu} is not assured",
            source="conda's records, which do not tell it",
            cure=f"run {'it' if len(unread) == 1 else 'them'} on that GPU first",
        )


def _needs_compiling(context: AuditContext, build: BuiltPackage, gpu: str) -> Iterator[Finding]:
    """PTX of a newer toolkit than the driver's: minor-version compatibility does not cover it."""
    driver, cuda, platform = context.target.driver, build.cuda, context.target.platform
    if driver is None or not isinstance(cuda, str) or context.assumed:
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
    for package, version, cuda in _cudnns(context):
        row = NOT_KNOWN if isinstance(version, NotKnown) else cudnn_row(version, context.matrices.cudnn)
        verdict = cudnn_serves(version, gpu, context.matrices.cudnn, cuda)
        if verdict.answer is Answer.NOT_KNOWN:
            yield _not_assured(package, version, verdict)
        elif isinstance(row, Cudnn) and isinstance(version, str) and verdict.why:
            yield _not_listed(package, version, gpu, row, verdict)


def _not_assured(package: Package, version: str | NotKnown, verdict: Verdict) -> Finding:
    """Nobody read which cuDNN it is, or whether that, or a toolkit, serves the GPU."""
    inside = f" carries cuDNN {version}" if isinstance(version, str) and version != package.version else ""
    return finding_about(
        (package,),
        code=CODE,
        severity="note",
        why=f"{package.pin}{inside}: {verdict.why}",
        source=verdict.source or "matrices/builds.yaml",
        cure=f"take another {package.name}, or run it on that GPU first",
    )


def _not_listed(package: Package, version: str, gpu: str, row: Cudnn, verdict: Verdict) -> Finding:
    """A GPU that a cuDNN's vendor does not list: it has no kernels, or those of other GPUs have to do."""
    inside = "" if package.version == version else f" carries cuDNN {version}, which"
    said = f" {verdict.predicate or f'does not serve {gpu}: {verdict.why}'}"
    does = verdict.answer is Answer.YES
    cure = f"take {'an older' if is_older(gpu, row) else 'a newer'} {package.name}"
    return finding_about(
        (package,),
        code=CODE,
        severity="warning" if does else "error",
        why=package.pin + inside + said,
        source=verdict.source,
        cure=cure + (", or run it on that GPU first" if does else ""),
    )


def _cudnns(context: AuditContext) -> Iterator[tuple[Package, str | NotKnown, CudaMajor]]:
    """Every cuDNN of the set with its version and CUDA major: pip's, conda's, and those inside other wheels."""
    brought = {
        item.package.name: (item.package, item.library.cuda) for item in context.provided if is_cudnn(item.library)
    }
    yield from ((package, package.version, cuda) for package, cuda in brought.values() if package.version is not None)
    conda = context.conda_package(CUDNN)
    if conda is not None and conda.name not in brought and conda.version is not None:
        yield conda, conda.version, NOT_KNOWN
    for build in context.builds:
        # Where nobody read whether a wheel holds one at all, the note about its own code has to do.
        inside = carried(build.row) if build.package.from_index and carries(build.row) is Answer.YES else None
        if inside is not None and build.major is not None:
            yield build.package, inside, build.major


def _of_conda_toolkit(context: AuditContext, gpu: str) -> Iterator[Finding]:
    """What conda's builds run on; of a wheel its own code is asked."""
    for name in AXES["cuda"].conda:
        package = context.conda_package(name)
        if package is None or package.version is None:
            continue
        verdict = toolkit_serves(context.matrices.toolkit(package.version), gpu)
        if verdict.answer is Answer.NOT_KNOWN:
            yield _not_assured(package, package.version, verdict)
        elif verdict.why:
            yield _toolkit_does_not_list(package, verdict)


def _toolkit_does_not_list(package: Package, verdict: Verdict) -> Finding:
    does = verdict.answer is Answer.YES
    return finding_about(
        (package,),
        code=CODE,
        severity="warning" if does else "error",
        why=f"{package.pin} {verdict.predicate}" if verdict.predicate else f"{package.pin}: {verdict.why}",
        source=verdict.source,
        cure=f"take {'a newer' if does else 'an older'} {package.name}",
    )
