"""``unknown``: a framework or a CUDA library of a version that no row knows. Never silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.answer import NOT_KNOWN
from solver.core.frameworks import framework_of
from solver.core.model import Finding, PypiName
from solver.core.versions import meets, numbers, specifier_or_none, version_or_none
from solver.matrix.libraries import brings
from solver.matrix.rows import CudaToolkit

CODE = "unknown"
_CURE_BY_HAND = "add a row of it to matrices/builds.yaml; until then nothing can be said about this one"
_CURE = "`interlock refresh` records new versions; until then nothing can be said about this one"
_CUDA_PREFIX = "nvidia-"
"""How NVIDIA's distributions begin, those that no row speaks of too."""

Specifiers = Mapping[str, Sequence[str]]
"""Of each CUDA distribution that rows speak of, the versions that they know."""


def find(context: AuditContext) -> Iterator[Finding]:
    """Packages with GPU code without a build, CUDA packages outside every row, and versions left open."""
    libraries = _library_specifiers(context)
    known = {build.package.name for build in context.builds if _is_known_build(context, build)}
    for package in context.set.packages:
        name = context.pypi_name_of(package)
        if not _stands_for(context, package, name):
            continue
        has_gpu_code = name is not None and context.has_gpu_code(name)
        is_library = _is_library(package, libraries)
        if package.version is None:
            if has_gpu_code or is_library:
                yield _open(package)
        elif has_gpu_code and package.name not in known and not context.knows(package):
            yield _no_build(context, package, name)
        elif is_library and version_or_none(package.version) is not None:
            yield from _library(context, package, libraries)


def _stands_for(context: AuditContext, package: Package, name: PypiName | None) -> bool:
    """Whether a package speaks for its project: of several of conda's (tensorflow, tensorflow-base) one does."""
    return package.origin != "conda" or name is None or context.packages[name].conda == package.conda


def _is_library(package: Package, libraries: Specifiers) -> bool:
    return package.origin == "pypi" and (package.name.startswith(_CUDA_PREFIX) or package.name in libraries)


# ---- builds with GPU code ---------------------------------------------------------------------------


def _is_known_build(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether a row knows it; what only its version string tells needs rows of other builds of that release."""
    return not build.guessed or _is_released(context, build)


def _is_released(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether a row knows the release of a build, in whatever build of it."""
    release = version_or_none(build.package.version)
    if release is None or build.package.origin == "conda":
        return release is not None  # conda's build string says as much as a row would
    rows = context.matrices.builds_of(build.package.name)
    versions = [version_or_none(row.version) for row in rows if row.version]
    return any(version is not None and version.public == release.public for version in versions)


def _no_build(context: AuditContext, package: Package, name: PypiName | None) -> Finding:
    cure = _CURE if framework_of(name or "") else _CURE_BY_HAND
    return _finding(package, f"no row knows the build of {package.pin} on {context.target.platform}", cure)


# ---- CUDA libraries ---------------------------------------------------------------------------------


def _library_specifiers(context: AuditContext) -> dict[str, list[str]]:
    """The versions that rows know of each CUDA distribution.

    Those of a toolkit's parts and of cuDNN are told by rows of their own; the other
    libraries (nccl, nvshmem) are known by the layout of their rows alone.
    """
    matrices = context.matrices
    specifiers: dict[str, list[str]] = {}
    for toolkit in matrices.toolkits:
        for name, specifier in toolkit.components.items():
            specifiers.setdefault(name, []).append(specifier)
    for library in matrices.libraries:
        if library.library == "cudnn":
            specifiers.setdefault(library.distribution, []).extend(row.cudnn for row in matrices.cudnn)
    others = [library for library in matrices.libraries if library.distribution not in specifiers]
    for library in others:
        specifiers.setdefault(library.distribution, []).append(library.versions)
    return specifiers


def _library(context: AuditContext, package: Package, libraries: Specifiers) -> Iterator[Finding]:
    if package.name not in libraries:
        yield _finding(package, f"no row knows {package.name}")
        return
    if not _is_known_library(context, package, libraries[package.name]):
        yield _finding(package, f"no row knows {package.pin}")


def _is_known_library(context: AuditContext, package: Package, specifiers: Sequence[str]) -> bool:
    version = package.version or ""
    if brings(context.matrices, package.name, version) is NOT_KNOWN:
        return False
    is_named = any(_is_within(version, specifier) for specifier in specifiers)
    return is_named or _is_of_a_toolkit(context, package) or _is_pinned_by_a_framework(context, package)


def _is_within(version: str, specifier: str) -> bool:
    """Within the specifier of a row, or a patch release of a minor that it names."""
    clauses = specifier_or_none(specifier)
    if clauses is None:
        return False
    minors = {numbers(clause.version.removesuffix(".*")) for clause in clauses}
    return meets(version, specifier) or numbers(version) in minors


def _is_of_a_toolkit(context: AuditContext, package: Package) -> bool:
    """A part that is numbered like its toolkit, of a toolkit that has a row."""
    is_numbered = any(item.package is package and item.library.same_minor for item in context.provided)
    return is_numbered and isinstance(context.matrices.toolkit(package.version or ""), CudaToolkit)


def _is_pinned_by_a_framework(context: AuditContext, package: Package) -> bool:
    """The version that a known framework was built with, as its own metadata says."""
    for build in context.builds:
        for requirement in context.requirements(build.package, about=package.name):
            specifier = str(requirement.specifier)
            return "==" in specifier and meets(package.version or "", specifier)
    return False


# ---- what is told -----------------------------------------------------------------------------------


def _open(package: Package) -> Finding:
    return finding_about(
        (package,),
        code=CODE,
        severity="warning",
        why=f"the set does not say which version of {package.name} it means, so nothing was checked for it",
        source="the set itself",
        cure="audit a lock, the output of pip freeze, or the installed prefix",
    )


def _finding(package: Package, why: str, cure: str = _CURE) -> Finding:
    return finding_about((package,), code=CODE, severity="note", why=why, source="the matrices", cure=cure)
