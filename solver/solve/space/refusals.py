"""Why a version that exists may not be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of, holds_code, is_led_by_us
from solver.core.indexes import is_partial, title_of
from solver.core.model import Framework, Release, is_built
from solver.core.target import admits_python
from solver.matrix.builds import cuda_major, has_cuda, is_part, local_cuda, some_has_cuda, stated, wheel_for
from solver.matrix.code import runs_on
from solver.matrix.cudnn import built_with, carried
from solver.matrix.drivers import Oldest, oldest_of
from solver.matrix.gpu_names import is_named_for_gpu
from solver.matrix.gpus import cudnn_serves
from solver.matrix.libraries import LOADER, brings, decides_gpu, is_cudnn, unfound
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build
from solver.matrix.rules import asks_for_nothing
from solver.solve.space.scope import Scope
from solver.solve.space.terms import SNAPSHOT, Exclusion, recorded_only


def refusal(
    scope: Scope, name: str, version: str, release: Release, *, remedy: str | None, glibc: str | None = None
) -> Exclusion | None:
    """Why ``release`` is denied in ``scope`` or not known enough of; None where it may be chosen.

    With a ``remedy`` it may have wheels for the target that were not recorded: what to do about that. ``glibc`` is a
    newer one than the target's with which it would have a wheel.
    """
    unknown = None
    for reason in _reasons(scope, name, version, release, remedy=remedy, glibc=glibc):
        if reason.verdict.answer is Answer.NO:
            return reason
        unknown = unknown or reason
    return unknown


def _reasons(
    scope: Scope, name: str, version: str, release: Release, *, remedy: str | None, glibc: str | None
) -> Iterator[Exclusion]:
    """What speaks against it, the plainest first."""
    verdict = _listed(scope, name, release)
    if verdict is not None:
        yield Exclusion(name, version, verdict)
    elif not release.files:
        no_file = _no_recorded_file if is_partial(release.index) else partial(_no_file, remedy=remedy, glibc=glibc)
        missing = no_file(scope, name, version, release)
        if missing is not None:
            yield missing
    verdicts = (
        _read(scope, release),
        _built(name, release),
        *_of_build(scope, name, version),
        *_of_library(scope, name, version),
        _rule_refusal(scope, name, version),
    )
    yield from (Exclusion(name, version, verdict) for verdict in verdicts if verdict is not None)


def _listed(scope: Scope, name: str, release: Release) -> Verdict | None:
    """What the index itself says against it, or that it has no say about it."""
    listing = release.source or "the package index"
    if name == LOADER:  # whoever has that name on an index could take the place of ours
        return Verdict(Answer.NO, f"a lock brings its own {LOADER}, of no index", listing)
    if release.refused is not None:
        return Verdict(Answer.NO, release.refused, listing)
    if release.yanked is not None:
        return Verdict(Answer.NO, f"its files were yanked ({release.yanked or 'no reason given'})", listing)
    if release.index not in scope.indexes:
        why = f"it is on {title_of(release.index)} only, which the profile does not allow"
        return Verdict(Answer.NO, why, listing)
    return None


def _no_file(
    scope: Scope, name: str, version: str, release: Release, *, remedy: str | None, glibc: str | None
) -> Exclusion | None:
    there, listing = _there(scope), release.source or "the package index"
    if remedy is None or _listed_by_row(scope, name, version) is Answer.NO:
        older = f" with a glibc older than {glibc}" if glibc else ""
        return Exclusion(name, version, Verdict(Answer.NO, f"it has no wheel {there}{older}", listing))
    if not admits_python(release.requires_python, scope.target):
        return None  # what it requires is told next
    return Exclusion(
        name, version, Verdict(Answer.NOT_KNOWN, f"the snapshot was not recorded {there}", SNAPSHOT), remedy
    )


def _no_recorded_file(scope: Scope, name: str, version: str, release: Release) -> Exclusion | None:
    # Of such an index only what public sources tell is recorded, so absence proves nothing.
    listed = _listed_by_row(scope, name, version)
    there, listing = _there(scope), release.source or "the package index"
    if listed is Answer.NO:
        why = f"{title_of(release.index)} has no wheel of it {there}"
        return Exclusion(name, version, Verdict(Answer.NO, why, listing))
    if listed is Answer.NOT_KNOWN:
        verdict = Verdict(Answer.NOT_KNOWN, f"nobody read a hash of a wheel {there}", listing)
        return Exclusion(name, version, verdict, recorded_only(release.index))
    return None  # documented, and solved with; it cannot be locked


def _listed_by_row(scope: Scope, name: str, version: str) -> Answer:
    """Whether the row of a build tells of a wheel for the target's python; NOT_KNOWN without such a row."""
    row = scope.build(name, version)
    return Answer.NOT_KNOWN if isinstance(row, NotKnown) else wheel_for(scope.matrices, row, scope.target.python)


def _there(scope: Scope) -> str:
    return f"for python {scope.target.python} on {scope.target.platform}"


def _read(scope: Scope, release: Release) -> Verdict | None:
    """What its metadata says against it, or that nobody read what a lock needs."""
    listing = release.source or "the package index"
    if not admits_python(release.requires_python, scope.target):
        return Verdict(Answer.NO, f"it requires python {release.requires_python}", listing)
    unread = _unread(scope, release) if scope.lockable_only and is_partial(release.index) else []
    return Verdict(Answer.NOT_KNOWN, "nobody read " + " and ".join(unread), listing) if unread else None


def _built(name: str, release: Release) -> Verdict | None:
    """GPU code that is compiled by whoever installs it: for which CUDA and which GPUs, nobody can tell."""
    if not is_built(release.files) or not (holds_code(name) or is_named_for_gpu(name)):
        return None
    why = "it has no wheel, and for which CUDA and which GPUs it has code is up to the machine that builds it"
    return Verdict(Answer.NOT_KNOWN, why, release.source or "the package index")


def _unread(scope: Scope, release: Release) -> list[str]:
    unread = []
    if not any(file.sha256 for file in release.files):
        unread.append(f"the sha256 of a wheel for python {scope.target.python}")
    if isinstance(release.requires, NotKnown):
        unread.append("its requirements")
    return unread


def _rule_refusal(scope: Scope, name: str, version: str) -> Verdict | None:
    """A hard rule that asks for nothing says that the version itself does not work on the target."""
    rule = next((rule for rule in scope.rules_of(name, version) if asks_for_nothing(rule)), None)
    return None if rule is None else Verdict(Answer.NO, rule.why, rule.source, rule.id)


def _of_build(scope: Scope, name: str, version: str) -> Iterator[Verdict | None]:
    if name in COMPANIONS:
        kind = _wrong_companion(version, cpu=scope.wants_cpu(COMPANIONS[name]))
        yield None if kind is None else Verdict(Answer.NO, kind, f"the name of {name} {version}")
        return
    build, framework = scope.build(name, version), framework_of(name)
    if isinstance(build, NotKnown):
        yield _unknown(name, version, framework, scope)
        return
    yield _wrong_kind(build, has_cuda(build), scope, framework)
    # Of a part its whole tells that, and without one it is not chosen (``builds``).
    yield from () if is_part(build) else faults(build, scope)


def faults(build: Build, scope: Scope) -> Iterator[Verdict]:
    """Why a build will not, or not surely, run on the target's GPUs, whatever lies beside it."""
    some = _too_old_driver(build, scope.matrices, scope.target.driver), _lost_libraries(build, scope)
    yield from (verdict for verdict in some if verdict is not None)
    yield from _gpu_refusals(build, scope)
    yield from _carried_refusals(build, scope)


def _unknown(name: str, version: str, framework: Framework | None, scope: Scope) -> Verdict | None:
    """A release without a row, of a package whose other releases have rows; of any other nothing needs telling."""
    if framework is not None and holds_code(name):
        return Verdict(Answer.NOT_KNOWN, "no matrix row knows it (`interlock refresh` derives one)", "matrices")
    if some_has_cuda(scope.matrices, name):
        return Verdict(Answer.NOT_KNOWN, "no matrix row knows it (add one to matrices/builds.yaml)", "matrices")
    if brings(scope.matrices, name, version) is NOT_KNOWN:
        why = "no matrix row knows which CUDA libraries it brings (add one to matrices/cuda-libraries.yaml)"
        return Verdict(Answer.NOT_KNOWN, why, "matrices")
    return None


def _wrong_kind(build: Build, cuda: Answer, scope: Scope, framework: Framework | None) -> Verdict | None:
    """CUDA where none is asked for; of a framework also none where CUDA is, and a cuDNN that nobody read."""
    if cuda is Answer.NOT_KNOWN:
        return Verdict(Answer.NOT_KNOWN, "nobody read whether it has CUDA code", build.source, build.id)
    if scope.wants_cpu(framework):
        why = "it is a CUDA build and the request asks for CPU builds"
        return Verdict(Answer.NO, why, build.source, build.id) if cuda is Answer.YES else None
    if framework is None or build.package == FRAMEWORKS[framework].cpu:
        # Whoever names the distribution of CPU builds means one.
        return None
    if cuda is Answer.NO:
        why = "it is a CPU build and the request asks for CUDA builds"
        return Verdict(Answer.NO, why, build.source, build.id)
    if built_with(build) is NOT_KNOWN:
        return Verdict(Answer.NOT_KNOWN, "nobody read which cuDNN it is used with", build.source, build.id)
    return None


def _too_old_driver(build: Build, matrices: Matrices, driver: str | None) -> Verdict | None:
    """A driver that is too old for the build itself; one too old for its CUDA refuses that CUDA."""
    oldest = oldest_of(build, matrices)
    if driver is None or not isinstance(oldest, Oldest) or oldest.row != build.id or oldest.admits(driver):
        return None
    why = f"it needs a driver >= {oldest.driver} and the target promises only {driver}"
    return Verdict(Answer.NO, why, build.source, build.id)


def _lost_libraries(build: Build, scope: Scope) -> Verdict | None:
    """CUDA libraries that the build opens and would not find by itself, where nothing may lead it to them."""
    lost, unread = unfound(build, scope.matrices)
    if not is_led_by_us(framework_of(build.package)):
        return _lost_for_good(build, [name for name in lost if decides_gpu(build, name)], scope)
    if scope.led:
        return None
    names = f"{', '.join(lost or unread)} by itself, and loader: none keeps out what leads it there"
    if lost:
        return Verdict(Answer.NO, f"it does not find {names}", build.source, build.id)
    if unread:
        return Verdict(Answer.NOT_KNOWN, f"nobody read whether it finds {names}", build.source, build.id)
    return None


def _lost_for_good(build: Build, lost: list[str], scope: Scope) -> Verdict | None:
    """``lost`` of a build that our loader never leads."""
    if not lost or scope.target.driver is None:
        return None
    why = f"it does not find {', '.join(lost)} in the folders of the packages, and nothing leads it there"
    return Verdict(Answer.NO, why, build.source, build.id)


def _gpu_refusals(build: Build, scope: Scope) -> Iterator[Verdict]:
    verdicts = (runs_on(build, gpu, scope.target.driver, scope.matrices) for gpu in scope.target.gpus)
    return (verdict for verdict in verdicts if verdict.answer is not Answer.YES)


def _carried_refusals(build: Build, scope: Scope) -> Iterator[Verdict]:
    """The cuDNN inside a wheel has no kernels for a GPU; where nobody read that, the solution has a note of it."""
    inside = carried(build)
    for gpu in scope.target.gpus if isinstance(inside, str) else ():
        served = cudnn_serves(str(inside), gpu, scope.matrices.cudnn, cuda_major(build) or NOT_KNOWN)
        if served.answer is Answer.NO:
            yield Verdict(Answer.NO, f"it carries cuDNN {inside}: {served.why}", served.source, served.row)


def _of_library(scope: Scope, name: str, version: str) -> Iterator[Verdict]:
    """The cuDNN that a distribution brings has no kernels for a GPU, as built for the CUDA major that is its own.

    One that has none, whatever it is built for, is refused as a cuDNN (``axes``).
    """
    brought, cudnns = brings(scope.matrices, name, version), scope.matrices.cudnn
    for row in () if isinstance(brought, NotKnown) else filter(is_cudnn, brought):
        gpus = [gpu for gpu in scope.target.gpus if cudnn_serves(version, gpu, cudnns).answer is not Answer.NO]
        verdicts = (cudnn_serves(version, gpu, cudnns, row.cuda) for gpu in gpus)
        yield from (verdict for verdict in verdicts if verdict.answer is Answer.NO)


def _wrong_companion(version: str, *, cpu: bool) -> str | None:
    """Why a companion's build is not for the machines that are asked for; None where its name does not tell."""
    cuda = local_cuda(version)
    if cuda == NONE and not cpu:
        return "it is a CPU build and the request asks for CUDA builds"
    is_cuda = isinstance(stated(cuda), str)
    return "it is a CUDA build and the request asks for CPU builds" if is_cuda and cpu else None
