"""``unknown``: GPU packages that nobody checked: no row knows them, or the set leaves their version or build open.

Each cause is told once, for all packages that it is the cause of. Never silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import structs

from solver.audit.builds import BuiltPackage, stated_build
from solver.audit.codes import unknown_base, unknown_lines
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.gpu_packages import holds_gpu_code
from solver.audit.package_set import Package
from solver.audit.phrases import MOST_LACKING, listed
from solver.core.answer import NOT_KNOWN, Answer
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, RUNTIMES, framework_of
from solver.core.indexes import is_default
from solver.core.model import Finding, PypiName
from solver.core.versions import meets, numbers, specifier_or_none, version_or_none
from solver.matrix.builds import made_for, some_has_cuda
from solver.matrix.companions import release_row
from solver.matrix.conda_builds import conda_rows, cudas
from solver.matrix.distributions import TOOLKIT, recorded_versions
from solver.matrix.gpu_names import goes_with_a_framework, is_cuda_package, nightly_of
from solver.matrix.libraries import LOADER, brings, is_numbered_as_cuda, may_be_unplaced
from solver.matrix.rows import NONE, CudaToolkit

CODE = "unknown"
_CURE_BY_ROW = "add {} to the matrices"
_CURE_BY_HAND = "add {} to matrices/builds.yaml"
_CURE = "`interlock refresh` records new versions"

Specifiers = Mapping[str, Sequence[str]]
"""Of each CUDA distribution that rows speak of, the versions that they know."""
Omission = Callable[[AuditContext, Sequence[Package]], Finding]
"""Why packages were not checked, as it tells of all of them."""


def find(context: AuditContext) -> Iterator[Finding]:
    """What was not checked, by the cause."""
    libraries = recorded_versions(context.matrices)
    builds = (*context.builds, *context.parts)
    known = {build.package.name for build in builds if not build.guessed or build.package.from_conda}
    unchecked: dict[Omission, list[Package]] = {}
    for package in context.set.packages:
        name = context.pypi_name_of(package)
        cause = _cause(context, package, name, known, libraries) if _stands_for(context, package, name) else None
        if cause is not None:
            unchecked.setdefault(cause, []).append(package)
    for tell, packages in unchecked.items():
        yield tell(context, sorted(packages, key=lambda package: package.pin))
    yield from unknown_base.find(context)
    yield from unknown_lines.find(context)


def _cause(
    context: AuditContext, package: Package, name: PypiName | None, known: set[PypiName], libraries: Specifiers
) -> Omission | None:
    """Why a package with GPU code was not checked; None where it was, or has none."""
    if name is not None and context.has_gpu_code(name):
        is_checked = package.name in known and package.version is not None
        return None if is_checked else _cause_of_build(context, package, name)
    if package.from_index and (is_cuda_package(package.name) or package.name in libraries):
        return _cause_of_library(context, package, libraries.get(package.name, ()))
    if name is None and _brings_a_framework(context, package):
        return _no_row if package.version is not None else _version_of(context, package)
    if name in RUNTIMES and package.elsewhere is not None:
        return _elsewhere
    if package.from_index and name in COMPANIONS and _is_unknown_companion(context, package):
        return _no_framework
    if name is None or not _is_unknown_gpu_package(context, package, name):
        return None
    return _no_row if package.version is not None else _version_of(context, package)


def _cause_of_build(context: AuditContext, package: Package, name: PypiName) -> Omission | None:
    """Why the build of a package of whose builds rows tell was not checked; None where every one of them is alike."""
    told = context.matrices.builds_of(name)
    if told and framework_of(name) is None and not some_has_cuda(context.matrices, name):
        return None  # no build of it has any GPU code
    if package.version is None:
        return _version_of(context, package)
    built = _cudas(context, package) if package.build is None and context.knows(package) else set()
    if built:  # none: rows tell of other builds of the version than those that the set admits
        return None if len(built) == 1 else _open_build if NONE in built else _open_cuda
    if package.elsewhere is not None:
        return _elsewhere
    if any(build.package.name == package.name and _is_released(context, build) for build in context.builds):
        return _by_version
    of_image = context.set.base is not None and package.line == context.set.base.line
    # What an image's maker built is on no index.
    return _no_framework if framework_of(name) and not of_image else _no_build


def _is_unknown_companion(context: AuditContext, package: Package) -> bool:
    """Whether neither a row nor its version tells anything of a companion, beside whatever build of its framework."""
    framework, version = context.build(COMPANIONS[package.name]), package.version
    if framework is None or version is None or package.elsewhere is not None:
        return False
    if isinstance(framework, BuiltPackage) and version in made_for(framework.row, package.name):
        return False
    is_told = any(build.package is package for build in context.companions)
    return not is_told and release_row(context.matrices, package.name, version, context.target.platform) is NOT_KNOWN


def _cause_of_library(context: AuditContext, package: Package, specifiers: Sequence[str]) -> Omission | None:
    """Why a CUDA library was not checked; None where it was, or has a version that is none."""
    version = package.version
    if package.name == TOOLKIT and isinstance(context.matrices.toolkit(version or ""), CudaToolkit):
        return None  # it holds nothing itself, and the row tells of what it asks for
    if version is None:
        return _version_of(context, package)
    if not specifiers or may_be_unplaced(package.name, next(iter(numbers(version)), 0), context.matrices):
        return _no_row
    is_version = version_or_none(version) is not None
    return _no_library if is_version and not _is_known_library(context, package, specifiers) else None


def _version_of(context: AuditContext, package: Package) -> Omission:
    """Why nobody knows its version: the set does not say it, or nobody recorded what pip would take."""
    is_looked_for = context.set.resolved and package.from_index and package.url is None
    return _unrecorded if is_looked_for and package.elsewhere is None else _open


def _brings_a_framework(context: AuditContext, package: Package) -> bool:
    """Whether it is conda's package that brings a framework with CUDA (tensorflow-gpu), and the set names no other."""
    of_it = {
        name for name, entry in FRAMEWORKS.items() if package.conda in (f"{entry.conda}-gpu", f"{entry.conda}-cpu")
    }
    return any(name not in context.packages for name in of_it)


def _stands_for(context: AuditContext, package: Package, name: PypiName | None) -> bool:
    """Whether a package speaks for its project: of several of conda's (tensorflow, tensorflow-base) one does."""
    return not package.from_conda or name is None or context.packages[name].conda == package.conda


def _is_unknown_gpu_package(context: AuditContext, package: Package, name: PypiName) -> bool:
    """Whether it has GPU code, and is no part of a framework, whose row tells of it."""
    # Where that is not known, its requirements are: the code ``metadata`` tells so, or the line that nothing was found.
    is_part = name == LOADER or goes_with_a_framework(name)
    return not is_part and holds_gpu_code(context, package, name) is Answer.YES


# ---- builds with GPU code ---------------------------------------------------------------------------


def _is_released(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether a row knows the release of a build, in whatever build of it: its local version alone names no release."""
    release = version_or_none(build.package.version)
    if release is None:
        return False
    rows = context.matrices.builds_of(build.package.name)
    versions = [version_or_none(row.version) for row in rows if row.version]
    return any(version is not None and version.public == release.public for version in versions)


def _cudas(context: AuditContext, package: Package) -> set[str]:
    """The CUDAs of the builds that conda has of a package's version and the set admits; "none": for the CPU."""
    build, platform = stated_build(package), context.target.platform
    return cudas(conda_rows(context.matrices, package.conda or "", package.version or "", build, platform))


# ---- CUDA libraries ---------------------------------------------------------------------------------


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
    is_numbered = any(
        item.package is package and is_numbered_as_cuda(item.library) is Answer.YES for item in context.provided
    )
    return is_numbered and isinstance(context.matrices.toolkit(package.version or ""), CudaToolkit)


def _is_pinned_by_a_framework(context: AuditContext, package: Package) -> bool:
    """The version that a known framework was built with, as its own metadata says."""
    for build in context.builds:
        for requirement in context.requirements(build.package, about=package.name):
            specifier = str(requirement.specifier)
            return "==" in specifier and meets(package.version or "", specifier)
    return False


# ---- what is told -----------------------------------------------------------------------------------


def _open(context: AuditContext, packages: Sequence[Package]) -> Finding:
    names = listed((package.name for package in packages), most=MOST_LACKING)
    return finding_about(
        packages,
        code=CODE,
        severity="warning",
        why=f"the set does not say which version of {names} it means, so nothing was checked for "
        f"{'it' if len(packages) == 1 else f'these {len(packages)} packages'}",
        source="the set itself",
        cure="audit a lock, the output of pip freeze, or the installed prefix; `uv pip compile` or `interlock lock` "
        "makes a lock of an open list",
    )


def _unrecorded(context: AuditContext, packages: Sequence[Package]) -> Finding:
    names = listed((package.pin for package in packages), most=MOST_LACKING)
    return finding_about(
        packages,
        code=CODE,
        severity="warning",
        why=f"nobody recorded which version of {names} pip would take, so nothing was checked for "
        f"{'it' if len(packages) == 1 else f'these {len(packages)} packages'}",
        source="the recorded index",
        cure="ask the index itself with --live, or audit a lock, the output of pip freeze, or the installed prefix",
    )


def _open_build(context: AuditContext, packages: Sequence[Package]) -> Finding:
    return finding_about(
        packages,
        code=CODE,
        severity="warning",
        why=f"the set does not say which build of {_pins(packages)} it means: {_choice(context, packages)}",
        source="the set itself",
        cure=f"name the build ({packages[0].conda}={packages[0].version}=cuda*), or audit what conda installed",
    )


def _open_cuda(context: AuditContext, packages: Sequence[Package]) -> Finding:
    """As ``_open_build``, of builds that all have CUDA: nobody computes on the CPU unawares."""
    return structs.replace(_open_build(context, packages), severity="note")


def _choice(context: AuditContext, packages: Sequence[Package]) -> str:
    """What conda may choose among."""
    built = {cuda for package in packages for cuda in _cudas(context, package)}
    kinds = [f"some of CUDA {cuda}" for cuda in sorted(built - {NONE}, key=numbers)]
    if NONE in built:
        kinds = ["some with CUDA", "some for the CPU"]
    either = "either" if len(kinds) == 2 else "any"
    return f"there are {listed(kinds, most=MOST_LACKING)}, and conda may take {either} without a word"


def may_be_elsewhere(packages: Sequence[Package]) -> Finding:
    """That nobody knows the builds of ``packages``, of which those of the default index alone were checked."""
    return _of_hosts(packages, "the default index's alone was checked for")


def built_elsewhere(packages: Sequence[Package]) -> Finding:
    """That nobody knows the builds of ``packages``, and nothing was checked."""
    return _of_hosts(packages, "nothing was checked for")


def _elsewhere(_: AuditContext, packages: Sequence[Package]) -> Finding:
    return built_elsewhere(packages)


def _of_hosts(packages: Sequence[Package], checked: str) -> Finding:
    hosts = listed(sorted({package.elsewhere or "" for package in packages}))
    one = len(packages) == 1
    come, builds, them = ("comes", "a build", "it") if one else ("come", "builds", "them")
    if any(is_default(source) for package in packages for source in package.sources):
        come = "may come"
    return finding_about(
        packages,
        code=CODE,
        severity="note",
        why=f"{_pins(packages)} {come} from {hosts}, {builds} that nobody knows; {checked} {them}",
        source="the set itself",
        cure=f"audit the installed prefix, or add {'a row of it' if one else 'rows of them'} to matrices/builds.yaml",
    )


def _no_row(context: AuditContext, packages: Sequence[Package]) -> Finding:
    names = tuple(_with_title(package) for package in packages)
    finding = _finding(packages, f"not checked, since no row tells of {listed(names, most=MOST_LACKING)}", _CURE_BY_ROW)
    return structs.replace(finding, lacking=names)


def _with_title(package: Package) -> str:
    title = nightly_of(package.name)
    return package.pin if title is None else f"{package.pin} (a nightly build of {title})"


def _no_framework(context: AuditContext, packages: Sequence[Package]) -> Finding:
    return _finding(packages, _build_of(context, packages), _CURE)


def _by_version(context: AuditContext, packages: Sequence[Package]) -> Finding:
    its, has = ("its", "it has") if len(packages) == 1 else ("their", "they have")
    return finding_about(
        packages,
        code=CODE,
        severity="note",
        why=f"no row knows the build of {_pins(packages)} on {context.target.platform}: {its} name or version "
        f"tells which CUDA {has}, or that there is none, and nobody read {its} cuDNN, GPUs and pythons",
        source="the matrices",
        cure=_CURE,
    )


def _no_build(context: AuditContext, packages: Sequence[Package]) -> Finding:
    return _finding(packages, _build_of(context, packages), _CURE_BY_HAND)


def _build_of(context: AuditContext, packages: Sequence[Package]) -> str:
    return f"no row knows the build of {_pins(packages)} on {context.target.platform}"


def _no_library(context: AuditContext, packages: Sequence[Package]) -> Finding:
    return _finding(packages, f"no row knows {_pins(packages)}", _CURE)


def _pins(packages: Sequence[Package]) -> str:
    return listed((package.pin for package in packages), most=MOST_LACKING)


def _finding(packages: Sequence[Package], why: str, cure: str) -> Finding:
    one = len(packages) == 1
    nothing = f"until then nothing can be said about {'this one' if one else 'these'}"
    return finding_about(
        packages,
        code=CODE,
        severity="note",
        why=why,
        source="the matrices",
        cure=f"{cure.format('a row of it' if one else 'rows of them')}; {nothing}",
    )
