"""``unknown``: a framework or a CUDA library of a version that no row knows. Never silence."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.codes.metadata import requires_of
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package, parsed
from solver.core.frameworks import framework_of
from solver.core.model import Finding
from solver.core.versions import meets, numbers, specifier_or_none, version_or_none
from solver.index import ReleaseRefused

CODE = "unknown"
_CURE_BY_HAND = "add a row of it to matrices/builds.yaml; until then nothing can be said about this one"
_CURE = "`interlock refresh` records new versions; until then nothing can be said about this one"


def find(context: AuditContext) -> Iterator[Finding]:
    """Frameworks without a build, CUDA packages outside every row, and versions left open."""
    # What only its version string tells is known where rows know other builds of that release.
    known = {build.package.name for build in context.builds if not build.guessed or _is_released(context, build)}
    distributions = _distributions(context)
    for package in context.set.packages:
        name = context.pypi_name_of(package)
        # Of several packages of one project (conda's tensorflow and tensorflow-base) one stands for all.
        if package.origin == "conda" and name is not None and context.packages[name].conda != package.conda:
            continue
        framework = name is not None and context.has_gpu_code(name)
        cuda = package.origin == "pypi" and (package.name.startswith("nvidia-") or package.name in distributions)
        if package.version is None and (framework or cuda):
            yield _open(package)
        elif framework and package.name not in known and not context.knows(package):
            cure = _CURE if framework_of(name or "") else _CURE_BY_HAND
            yield _finding(package, f"no row knows the build of {package.pin} on {context.target.platform}", cure)
        elif cuda and version_or_none(package.version) is not None:
            yield from _library(context, package, distributions)


def _is_released(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether a row knows the release of a build, in whatever build of it."""
    release = version_or_none(build.package.version)
    if release is None or build.package.origin == "conda":
        return release is not None  # conda's build string says as much as a row would
    known = (version_or_none(row.version) for row in context.matrices.builds_of(build.package.name) if row.version)
    return any(found is not None and found.public == release.public for found in known)


def _open(package: Package) -> Finding:
    return finding_about(
        (package,),
        code=CODE,
        severity="warning",
        why=f"the set does not say which version of {package.name} it means, so nothing was checked for it",
        source="the set itself",
        cure="audit a lock, the output of pip freeze, or the installed prefix",
    )


def _library(context: AuditContext, package: Package, distributions: dict[str, list[str]]) -> Iterator[Finding]:
    version_text = package.version or ""
    if package.name not in distributions:
        yield _finding(package, f"no row knows {package.name}")
        return
    known = any(_is_known(spec, version_text) for spec in distributions[package.name])
    if not (known or _is_of_a_toolkit(context, package) or _is_pinned_by_a_framework(context, package)):
        yield _finding(package, f"no row knows {package.pin}")


def _is_known(spec: str, version_text: str) -> bool:
    """Within the specifier of a row, or a patch release of a minor that it names."""
    clauses = specifier_or_none(spec)
    if clauses is None:
        return False
    named = {numbers(clause.version.removesuffix(".*")) for clause in clauses}
    return meets(version_text, spec) or numbers(version_text) in named


def _is_of_a_toolkit(context: AuditContext, package: Package) -> bool:
    """A part that is numbered like its toolkit, of a toolkit that has a row."""
    numbered = any(item.package is package and item.library.same_minor for item in context.provided)
    return numbered and context.matrices.toolkit(package.version or "") is not None


def _is_pinned_by_a_framework(context: AuditContext, package: Package) -> bool:
    """The version that a known framework was built with, as its own metadata says."""
    for build in context.builds:
        for text in _requires(context, build.package):
            requirement = parsed(text) if package.name in text.lower() else None
            if requirement is not None and requirement.name == package.name:
                return meets(package.version or "", str(requirement.specifier)) and "==" in str(requirement.specifier)
    return False


def _requires(context: AuditContext, package: Package) -> tuple[str, ...]:
    try:
        return requires_of(context, package, context.releases(package))
    except ReleaseRefused:
        return ()  # ``metadata`` tells of it


def _finding(package: Package, why: str, cure: str = _CURE) -> Finding:
    return finding_about((package,), code=CODE, severity="warning", why=why, source="the matrices", cure=cure)


def _distributions(context: AuditContext) -> dict[str, list[str]]:
    """The CUDA distributions of the rows and, for each, the specifiers of the versions they know."""
    found: dict[str, list[str]] = {}
    for toolkit in context.matrices.toolkits:
        for name, spec in toolkit.components.items():
            found.setdefault(name, []).append(spec)
    for library in context.matrices.libraries:
        if library.library == "cudnn":
            found.setdefault(library.distribution, []).extend(row.cudnn for row in context.matrices.cudnn)
    # Libraries outside the toolkit (nccl, nvshmem) are known by the layout of their rows alone.
    others = [library for library in context.matrices.libraries if library.distribution not in found]
    for library in others:
        found.setdefault(library.distribution, []).append(library.versions)
    return found
