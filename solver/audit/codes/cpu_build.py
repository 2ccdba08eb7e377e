"""``cpu-build``: a framework or its companion without CUDA where the set or the target is meant for a GPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.core.answer import Answer
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, FrameworkEntry, framework_of
from solver.core.indexes import CPU_FLAVOUR, flavour_of
from solver.core.model import Finding, Framework, Severity
from solver.core.spelling import either
from solver.core.target import PLATFORMS
from solver.core.versions import specifier_or_none
from solver.matrix.builds import cuda_major, has_cuda, local_cuda, made_for, pythons, wheel_for
from solver.matrix.companions import has_operators
from solver.matrix.gpu_names import is_cuda_package
from solver.matrix.rows import NONE, Build

CODE = "cpu-build"
_CPU_EXTRA = "cpu"
"""By which a request says that it wants a framework without its plugins: jax[cpu]."""


def find(context: AuditContext) -> Iterator[Finding]:
    """A CPU build beside CUDA libraries, beside a framework with CUDA, or on a target with a GPU; companions too."""
    if context.target.driver is None:
        return
    # Only of a framework CUDA is expected; a package that lies beside it may well have none.
    for framework in FRAMEWORKS:
        builds = [build for build in context.builds if build.framework == framework]
        without = [build for build in builds if build.has_cuda is Answer.NO]
        # Two builds of one framework overwrite each other, which is told as that.
        if without and len(without) == len(builds):
            yield from _check(context, without)
        elif not builds:
            yield from _without_plugin(context, framework)
    yield from _companions(context)


def _without_plugin(context: AuditContext, framework: Framework) -> Iterator[Finding]:
    """A framework whose code for GPUs lies in plugins, and none of them in the set: often it is merely asked for."""
    entry, package = FRAMEWORKS[framework], context.package(framework)
    reason = _reason(context) or _likely_reason(context)
    if not entry.plugins or package is None or not package.from_index or reason is None:
        return
    # Whether an extra brought the plugin that it asks for, ``metadata`` tells.
    if set(entry.coded) & set(context.packages) or {_CPU_EXTRA, *entry.plugins} & set(package.extras):
        return
    if _may_hold_code(context.package(entry.runtime or "")):  # which ``unknown`` tells
        return
    yield finding_about(
        (package,),
        code=CODE,
        severity="note",
        why=f"{package.pin} has no plugin for a GPU beside it, so that it computes on the CPU, and {reason}",
        source="its code for GPUs lies in " + either(entry.coded),
        cure="leave it where that is meant" + _or_with_a_plugin(context, package, entry),
    )


def _may_hold_code(runtime: Package | None) -> bool:
    """Whether what runs a framework may hold GPU code itself, as builds of other indexes do: jaxlib 0.4.26+cuda12."""
    return runtime is not None and (runtime.elsewhere is not None or "+cuda" in (runtime.version or ""))


def _or_with_a_plugin(context: AuditContext, package: Package, entry: FrameworkEntry) -> str:
    """The extras of this release that bring a plugin, else the newest plugin that rows know; empty where there is none.

    An extra is advised where the index says that the release has it.
    """
    extras = [extra for extra in sorted(entry.plugins) if context.provides(package, extra) is Answer.YES]
    if extras:
        return ", or take " + either([f"{package.name}[{extra}]=={package.version}" for extra in extras])
    majors = {*context.cuda_majors, *(build.major for build in context.builds)}
    usable = [
        (cuda_major(row) in majors, Version(row.version), extra)
        for extra, plugin in entry.plugins.items()
        for row in context.matrices.builds_of(plugin)
        if row.platform == context.target.platform and row.version
        if wheel_for(context.matrices, row, context.target.python) is Answer.YES
    ]
    # One of the CUDA that is here goes before a newer one.
    chosen = max(usable, default=None)
    return "" if chosen is None else f", or take a newer one with a plugin: {package.name}[{chosen[2]}]=={chosen[1]}"


def _companions(context: AuditContext) -> Iterator[Finding]:
    """Companions without CUDA code beside a torch that has it, unless they are the ones made for that build."""
    for build in context.companions:
        torch = context.build(COMPANIONS[build.package.name])
        if not isinstance(torch, BuiltPackage) or not build.package.from_index:
            continue
        if has_operators(build.row, torch.row) is not Answer.NO:
            continue
        made = made_for(torch.row, build.package.name)
        yield finding_about(
            (build.package, torch.package),
            code=CODE,
            severity="warning",
            why=f"{build.pin} has no CUDA code and {torch.pin} is built with CUDA {torch.cuda}: its operators fail on "
            "what lies on a GPU",
            source=f"{build.source}; {torch.source}",
            cure=f"take the {build.package.name} of the same CUDA" + (f": {made[-1]}" if made else ""),
        )


def _check(context: AuditContext, halves: Sequence[BuiltPackage]) -> Iterator[Finding]:
    """``halves`` are the distributions that make up one framework: on Windows tensorflow and tensorflow-intel."""
    build = next((half for half in halves if half.package.name == half.framework), halves[0])
    sure = _reason(context)
    reason = sure or _likely_reason(context) or _other_platform(context, build)
    if reason is None:
        return
    severity = _severity(context, build) if sure else "note"
    cure = _cure(context, build)
    meant = "leave it where a CPU build is meant, or " if severity == "note" and cure.is_another else ""
    yield finding_about(
        [half.package for half in halves],
        code=CODE,
        severity=severity,
        why=f"{build.pin} is a CPU build on {context.target.platform}, and {reason}",
        source=build.source,
        cure=meant + cure.text,
    )


def _severity(context: AuditContext, build: BuiltPackage) -> Severity:
    """Beside another framework's CUDA build a CPU build may be meant, and is where it is asked for by its name."""
    without_cuda = {other.package.name for other in context.builds if other.has_cuda is Answer.NO}
    frameworks = {package.name for package in context.set.packages if framework_of(package.name) is not None}
    if frameworks - without_cuda and (_is_named(build) or _has_an_index_of_its_own(context, build.package)):
        return "note"
    image = context.set.base is not None and context.set.base.has_cuda
    return "error" if context.target.gpus or context.provided or image else "warning"


def _is_named(build: BuiltPackage) -> bool:
    """Whether the set itself says "cpu": in the name of the distribution, or in the version of one."""
    package = build.package
    if build.framework is not None and package.name == FRAMEWORKS[build.framework].cpu:
        return True
    if any(local_cuda(clause.version) == NONE for clause in specifier_or_none(package.specifier) or ()):
        return True
    # Of an index of CPU builds every version is one, also where the set does not say so.
    by_file = all(source.endswith(".whl") for source in package.sources)
    return by_file and local_cuda(package.version or "") == NONE


def _has_an_index_of_its_own(context: AuditContext, package: Package) -> bool:
    """Whether the set takes a package from an index of CPU builds alone, and others from elsewhere.

    So it does by a source of uv, poetry or pipenv, or by a command of its own; an option is for the whole list.
    """
    if not package.sources or any(flavour_of(source) != CPU_FLAVOUR for source in package.sources):
        return False
    if context.set.sources is not None:
        return context.set.sources != package.sources
    named = (one for one in context.set.packages if one.from_index and one.line is not None)
    return any(one.sources != package.sources for one in named)


def _reason(context: AuditContext) -> str | None:
    """The plainest sign that a GPU is meant; None where there is none."""
    if context.target.gpus:
        return f"the target has a GPU of compute capability {listed(context.target.gpus)}"
    if context.provided:
        names = sorted({item.package.name for item in context.provided})
        return f"the set carries CUDA libraries ({listed(names, most=3)})"
    base = context.set.base
    if base is not None and base.has_cuda:
        return f"the image {base.image} holds CUDA {base.cuda}"
    with_cuda = [build.pin for build in context.builds if build.has_cuda is Answer.YES]
    are = "is a CUDA build" if len(with_cuda) == 1 else "are CUDA builds"
    return f"{listed(with_cuda)} {are}" if with_cuda else None


def _likely_reason(context: AuditContext) -> str | None:
    """A sign that a GPU may be meant, and no more; None where there is none."""
    packages = (package for package in context.set.packages if package.from_index)
    names = sorted(package.name for package in packages if is_cuda_package(package.name))
    return f"the set names packages as CUDA libraries are named ({listed(names, most=3)})" if names else None


def _other_platform(context: AuditContext, build: BuiltPackage) -> str | None:
    """That the same version is a CUDA build elsewhere, which who asks for it may expect here too."""
    package = build.package
    if not package.from_index or package.name != build.framework or _is_named(build):
        return None
    version = package.version or ""
    others = (context.matrices.build(package.name, version, platform) for platform in PLATFORMS)
    elsewhere = [row.platform for row in others if isinstance(row, Build) and has_cuda(row) is Answer.YES]
    return f"the same version is a CUDA build on {listed(elsewhere)}" if elsewhere else None


@dataclass(frozen=True)
class _Cure:
    """What may be done about a CPU build."""

    text: str
    is_another: bool
    """Whether it is to take another build; where none exists, the text itself says to leave it."""


def _cure(context: AuditContext, build: BuiltPackage) -> _Cure:
    package, platform = build.package, context.target.platform
    # The smallest step first: to drop an index line, another build of the same release, another release.
    cpu_index = next((source for source in package.sources if flavour_of(source) == CPU_FLAVOUR), None)
    if cpu_index is not None and not _is_named(build) and not _has_an_index_of_its_own(context, package):
        return _Cure(f"do not take it from {cpu_index}{_or_drop(context)}", is_another=False)
    if package.from_conda:
        return _Cure(f"take a build of {package.conda} whose build string starts with cuda", is_another=True)
    if build.framework is not None and package.name != build.framework:
        plain = context.matrices.build(build.framework, package.version or "", platform)
        if isinstance(plain, Build) and has_cuda(plain) is Answer.YES:
            return _Cure(f"take {build.framework}=={package.version} instead of {package.name}", is_another=True)
    builds = _cuda_builds_of_release(context, build) if _has_local_builds(build) else []
    if builds:
        pins = listed(f"{package.name}=={version}" for version in builds)
        return _Cure(f"take a CUDA build of it: {pins}", is_another=True)
    return _other_release(context, build)


def _other_release(context: AuditContext, build: BuiltPackage) -> _Cure:
    """The newest release that has CUDA where the target is; else what can be done where rows know of none."""
    target, name = context.target, build.framework or build.package.name
    with_cuda = {
        Version(row.version): row
        for row in context.matrices.builds_of(name)
        if isinstance(row.version, str) and row.platform == target.platform and has_cuda(row) is Answer.YES
    }
    here = [at for at, row in with_cuda.items() if wheel_for(context.matrices, row, target.python) is not Answer.NO]
    if here:
        return _Cure(f"take {name}=={max(here)}{_or_drop(context)}", is_another=True)
    if _has_local_builds(build):  # an index of its own has them, which is recorded in part
        return _Cure(f"take a {name} that has CUDA on {target.platform}{_or_drop(context)}", is_another=True)
    where, last = str(target.platform), ""
    if with_cuda:
        newest = max(with_cuda)
        where = f"{target.platform} for python {target.python}"
        last = f" (the last is {newest}, for python {listed(pythons(with_cuda[newest]) or ())})"
    wsl = "run it under WSL2 as on linux-64, or " if target.platform == "win-64" else ""
    none = f"no wheel of {name} that rows know has CUDA on {where}{last}"
    return _Cure(f"{none}: {wsl}leave it on the CPU", is_another=False)


def _or_drop(context: AuditContext) -> str:
    """The other way out, where the set holds anything that needs CUDA."""
    with_cuda = any(build.has_cuda is Answer.YES for build in context.builds)
    is_any = with_cuda or context.provided or _likely_reason(context) is not None
    return ", or drop the CUDA packages" if is_any else ""


def _has_local_builds(build: BuiltPackage) -> bool:
    return build.framework is not None and FRAMEWORKS[build.framework].local_builds


def _cuda_builds_of_release(context: AuditContext, build: BuiltPackage) -> list[str]:
    """The versions of the package's builds with CUDA of the same release: all but the local part is the same."""
    release = (build.package.version or "").partition("+")[0]
    return [
        row.version
        for row in context.matrices.builds_of(build.package.name)
        if row.version and row.version.partition("+")[0] == release
        if row.platform == context.target.platform and has_cuda(row) is Answer.YES
    ]
