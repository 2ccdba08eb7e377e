"""``cudnn-older-than-build``: the cuDNN that is loaded, or may be, cannot serve what a build was compiled with."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.askers import refusing
from solver.audit.builds import BuiltPackage
from solver.audit.codes.mixed_cuda import opening_the_image
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN, Answer
from solver.core.frameworks import opens_libraries
from solver.core.model import Finding, Severity
from solver.core.spelling import command
from solver.core.versions import major, version_or_none
from solver.matrix.cudnn import carried, cudnn_suits, fault_of, has_name, served_by, works_beside
from solver.matrix.libraries import is_cudnn
from solver.matrix.rows import CUDNN

CODE = "cudnn-older-than-build"


def find(context: AuditContext) -> Iterator[Finding]:
    """Another major than the build's or a lower minor where it takes it; a lower minor where it may come upon it."""
    for build in (*context.builds, *_others_of_conda(context)):
        if build.has_cuda is Answer.YES:
            yield from _of_own(context, build)
            yield from _of_others(context, build)
            yield from _of_a_pinned_one(context, build)


def _others_of_conda(context: AuditContext) -> Iterator[BuiltPackage]:
    """conda's builds that are none of the set's otherwise: of companions, and of what the package index has not."""
    names = {build.package.conda for build in context.builds}
    for name, row in context.conda.builds.items():
        package = context.conda_package(name) if name not in names else None
        if package is not None and context.matrices.conda_builds_of(name):
            yield BuiltPackage(package, row)


def _of_own(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    """The cuDNN that it will load, or would where that had its name."""
    own = _own(context, build)
    for package in own:
        if package.version is not None and cudnn_suits(build.row, package.version).answer is Answer.NO:
            loads = _loads(build, package.version, alone=len(own) == 1)
            fault = f"{package.pin}, {loads}, {fault_of(build.row, package.version)}"
            severity: Severity = "error"
            if build.bundles is Answer.NOT_KNOWN:
                severity, fault = "note", f"{fault}; nobody read whether it carries one of its own"
            yield _finding(build, package, fault, _taking(context, build, package), severity)


def _loads(build: BuiltPackage, version: str, *, alone: bool) -> str:
    if has_name(build.row, version) is Answer.NO:  # it opens a library of another name
        return "the only one here" if alone else "one of those here"
    # Several write the same files.
    return "which it will load" if alone else "which it will load where that was installed last"


def _of_others(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    """A cuDNN that is not its own and may be loaded first."""
    for other in context.builds:
        cudnn = carried(other.row) if other is not build and _is_inside(other) else None
        if isinstance(cudnn, str) and works_beside(build.row, cudnn).answer is Answer.NO:
            first = f"which it gets where {other.package.name} is imported first"
            fault = f"the {cudnn} that {other.pin} carries, {first}, {fault_of(build.row, cudnn)}"
            cure = f"take a {other.package.name} that carries cuDNN {served_by(build.row)}"
            yield _finding(build, other.package, fault, cure)
    for package in _outside(context) if _is_inside(build) else ():
        # That the image's CUDA is there a second time is told with what it does.
        is_told = package.from_image and opening_the_image(context, build)
        if not is_told and works_beside(build.row, package.version or NOT_KNOWN).answer is Answer.NO:
            fault = f"{package.pin} may be loaded first and {fault_of(build.row, package.version or '')}"
            yield _finding(build, package, fault, _taking(context, build, package), "warning")


def _outside(context: AuditContext) -> list[Package]:
    """The cuDNNs that may be loaded for somebody else: those of packages, and the image's where a build opens it."""
    own = [_of_image(context, build) for build in context.builds]
    return [*(item.package for item in _cudnns(context)), *(package for package in own if package is not None)]


def _of_image(context: AuditContext, build: BuiltPackage) -> Package | None:
    """The cuDNN of the image that a build is known to load; None: none is."""
    base = context.set.base
    package = None if base is None or not opens_libraries(build.framework) else base.cudnn_package
    if not isinstance(package, Package) or _is_inside(build) or CUDNN in context.libraries(build.major):
        return None
    return package if _has_the_major_of(build, package) else None


def _of_a_pinned_one(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    """The cuDNN that a linked framework of an open list will bring, where nobody read its requirements.

    A wheel that is linked to its libraries asks for the very cuDNN that it was compiled with.
    """
    if not context.set.resolved or build.bundles is not Answer.NO or _own(context, build):
        return
    for other in context.builds:
        is_linked = other is not build and other.framework is not None and not opens_libraries(other.framework)
        if not is_linked or _is_inside(other) or other.major != build.major or not isinstance(other.cudnn, str):
            continue
        if context.is_unread(other.package) and cudnn_suits(build.row, other.cudnn).answer is Answer.NO:
            fault = f"the {other.cudnn} that {other.pin} brings {fault_of(build.row, other.cudnn)}"
            only = f"{fault}, and one environment holds one of a CUDA major"
            search = command("interlock", "explain", build.pin, other.pin)
            yield _finding(build, other.package, only, f"{search} looks for the nearest builds that go together")


def _taking(context: AuditContext, build: BuiltPackage, package: Package) -> str:
    """The cuDNN to take; where somebody admits none that serves, another of those who ask for one."""
    served = served_by(build.row)
    bound = served if isinstance(served, str) else None
    others = [(one, ask) for one, ask in refusing(context, package.name, bound) if one.name != build.package.name]
    if package.from_image:
        return f"begin with an image whose cuDNN is {served}, or take a build that was made for this one"
    if not others:
        return f"take {package.name} {served}"
    other, ask = others[0]
    search = command("interlock", "explain", build.pin, *(one.pin for one, _ in others))
    instead = f"take another {build.package.name} or {other.name}, which asks for {ask}"
    return f"{instead}; {search} looks for the nearest that go together"


def _own(context: AuditContext, build: BuiltPackage) -> list[Package]:
    """The cuDNN of the build's CUDA major, and whatever overwrites it; none where it lies inside its wheel."""
    if _is_inside(build):
        return []
    of_conda = context.conda_package(CUDNN) if build.package.from_conda else None
    if of_conda is not None:  # it lies where conda's builds look first
        return [of_conda]
    own = context.libraries(build.major).get(CUDNN)
    if own is None:
        other = context.conda_package(CUDNN) or _of_image(context, build)
        # A wheel asks for the cuDNN that it opens, and one with another soname is not in the way of that.
        is_own = other is not None and (build.package.from_conda or _has_the_major_of(build, other))
        return [other] if other is not None and is_own else []
    there = [item.package for item in _cudnns(context) if item.library.directory == own.library.directory]
    # It opens its own major's soname, which a cuDNN of another major neither has nor overwrites.
    same = [package for package in there if _has_the_major_of(build, package)]
    return same or there


def _has_the_major_of(build: BuiltPackage, package: Package) -> bool:
    version = version_or_none(package.version)
    return version is not None and isinstance(build.cudnn, str) and version.major == major(build.cudnn)


def _is_inside(build: BuiltPackage) -> bool:
    """Whether its CUDA libraries lie inside its wheel; those of conda's builds are packages of their own."""
    return build.bundles is Answer.YES and build.package.from_index


def _cudnns(context: AuditContext) -> list[Provided]:
    return [item for item in context.provided if is_cudnn(item.library)]


def _finding(build: BuiltPackage, package: Package, fault: str, cure: str, severity: Severity = "error") -> Finding:
    """``severity`` is that of what surely happens, if only in one order of imports, or of what may."""
    return finding_about(
        (build.package, package),
        code=CODE,
        severity=severity,
        why=f"{build.pin} was compiled with cuDNN {build.cudnn}; {fault}",
        source=build.source,
        cure=cure,
    )
