"""``loader``: a CUDA library that a build opens lies where its loader does not look, or nowhere.

For a list of packages the RUNPATH and the libraries are recorded facts; in a
prefix ``loader_elf`` reads them from the files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from solver.audit.askers import refusing
from solver.audit.builds import BuiltPackage
from solver.audit.codes import loader_elf
from solver.audit.codes.loader_base import perhaps_in_base, without_base
from solver.audit.codes.loader_search import LibrarySearch, Missing
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.audit.tools import adding
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.frameworks import FRAMEWORKS, is_led_by_us, opens_libraries
from solver.core.model import Finding, Severity, pypi_name
from solver.core.spelling import command
from solver.core.versions import numbers
from solver.matrix.builds import cuda_major, extra_for_cuda
from solver.matrix.distributions import CONDA_RUNTIMES
from solver.matrix.libraries import (
    LOADER,
    decides_gpu,
    does_without,
    is_read,
    look_up,
    looks_nowhere,
    looks_up,
    may_lack,
    opened,
    opened_library,
    serves_profiler,
)
from solver.matrix.library_files import files_of, is_folder_of
from solver.matrix.majors import go_together
from solver.matrix.rows import Build

CODE = "loader"
_OF_IMAGE = re.compile(r"/usr/(local/(cuda|nvidia)|lib)|/lib")
_LOADER_CURE = (
    f"install {LOADER}, which `interlock lock` writes beside a lock and which loads them before TensorFlow, "
    "or put their folders on LD_LIBRARY_PATH"
)


def find(context: AuditContext) -> Iterator[Finding]:
    """What builds that open their libraries do not find; in a prefix also what those linked to them do not."""
    for build in context.builds if context.target.driver is not None else ():
        looks = is_read(build.row) and (looks_up(build.row) is not Answer.NO or may_lack(build.row))
        if looks and build.package.from_index and build.has_cuda is Answer.YES:
            yield from _of_build(context, build)
    if context.set.prefix is not None:
        yield from loader_elf.linked(context)


def _of_build(context: AuditContext, build: BuiltPackage) -> Iterator[Finding]:
    runtime = _conda_runtime(context, build)
    if runtime is not None and not context.libraries(build.major):
        yield from _from_conda(context, build, runtime)
        return
    in_files = loader_elf.opened_search(context, build) if _is_in_files(context, build) else None
    outcome = in_files or _beyond_library_path(context, _recorded(context, build.row))
    outcome, perhaps = without_base(context.set.base, build, outcome)
    if perhaps:
        yield perhaps_in_base(context.set.base, build, perhaps)
    elsewhere = () if in_files else _unread_folders(context)
    if elsewhere and (outcome.hidden or outcome.nowhere):
        yield _perhaps(build, outcome, elsewhere)
    else:
        yield from _of_search(context, build, outcome)


def _of_search(context: AuditContext, build: BuiltPackage, outcome: LibrarySearch) -> Iterator[Finding]:
    """What a build does not find, where neither a variable nor our loader leads it there."""
    hidden = tuple(item for item in outcome.hidden if not _is_led_to(context, build, item))
    if hidden:
        yield _hidden(context, build, hidden)
    doubtful = tuple(item for item in outcome.doubtful if not _is_led_to(context, build, item))
    if doubtful:
        yield _doubtful(build, doubtful)
    runtime = _conda_runtime(context, build)
    if outcome.nowhere and runtime is not None:
        yield from _from_conda(context, build, runtime)
    elif outcome.nowhere:
        yield _nowhere(context, build, outcome.nowhere)
    if outcome.unread:
        yield _unread(build, outcome.unread)


def _is_in_files(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether files on the disk tell where it looks, rather than rows."""
    return context.set.prefix is not None and opens_libraries(build.framework)


def _is_led_to(context: AuditContext, build: BuiltPackage, item: Provided) -> bool:
    """Whether a variable of the environment or our loader wheel leads to the library.

    A lock's loader is made for the lock; that of a prefix tells what it loads.
    """
    if any(is_folder_of(folder, item.library) for folder in _folders_in(dict(context.set.variables))):
        return True
    if context.package(LOADER) is None or not is_led_by_us(build.framework):
        return False
    return context.set.prefix is None or item.library.library in loader_elf.preloaded(context)


def _folders_in(variables: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(folder for folder in variables.get("LD_LIBRARY_PATH", "").split(":") if folder)


def _unread_folders(context: AuditContext) -> tuple[str, ...]:
    """The folders that the environment itself puts on LD_LIBRARY_PATH and no package fills: a toolkit's, conda's."""
    folders = _folders_in(dict(context.set.variables))
    if context.set.base is not None:
        # What an image puts there is its own toolkit, of which a row tells or nobody.
        folders = tuple(folder for folder in folders if _OF_IMAGE.match(folder) is None)
    return tuple(folder for folder in folders if "site-packages" not in PurePosixPath(folder).parts)


def _beyond_library_path(context: AuditContext, outcome: LibrarySearch) -> LibrarySearch:
    """``outcome`` without what lies in a folder of this machine that LD_LIBRARY_PATH names here."""
    folders = [Path(folder) for folder in _folders_in(context.environ)]

    def is_there(soname: str) -> bool:
        return any((folder / soname).exists() for folder in folders)

    return replace(
        outcome,
        hidden=tuple(item for item in outcome.hidden if not all(map(is_there, item.library.sonames[:1]))),
        nowhere=tuple(one for one in outcome.nowhere if not is_there(one.soname)),
        doubtful=tuple(item for item in outcome.doubtful if not all(map(is_there, item.library.sonames[:1]))),
    )


def _recorded(context: AuditContext, row: Build) -> LibrarySearch:
    here = {item.library.id: item for item in context.provided if item.library.cuda == cuda_major(row)}
    pinned = (package for package in context.set.packages if package.from_index)
    versions: dict[str, str] = {package.name: package.version for package in pinned if package.version is not None}
    outcome = look_up(row, [item.library for item in here.values()], versions, context.matrices)
    if isinstance(outcome, NotKnown) or (opened(row) is NOT_KNOWN and not outcome.nothing):
        return LibrarySearch()  # the code ``unknown`` tells what nobody read
    nowhere = [Missing(name, _soname(context, row, name)) for name in outcome.nowhere]
    if outcome.nothing:
        nowhere = [Missing("cudart", "any CUDA library")]
    return LibrarySearch(
        hidden=tuple(here[library.id] for library in outcome.hidden),
        nowhere=tuple(nowhere),
        doubtful=tuple(here[library.id] for library in outcome.doubtful),
        unread=outcome.unread,
    )


def _soname(context: AuditContext, row: Build, name: str) -> str:
    known = opened_library(row, name, (), context.matrices)
    return name if isinstance(known, NotKnown) else files_of(known)[0]


def _cure(build: BuiltPackage) -> str:
    return _LOADER_CURE if is_led_by_us(build.framework) else "put their folders on LD_LIBRARY_PATH"


def _hidden(context: AuditContext, build: BuiltPackage, hidden: tuple[Provided, ...]) -> Finding:
    row = build.row
    names = _first_sonames(hidden)
    folders = listed(sorted({item.library.directory for item in hidden}), most=12)
    looks = "looks in no folder of the nvidia packages" if looks_nowhere(row) else f"does not look in {folders}"
    unless = _unless_preloaded(context)
    severity = _cost(row, [item.library.library for item in hidden])
    blind = severity == "error"
    effect = f"it then {_blind(build)}{unless}" if blind else f"it still sees the GPU, and {_goes_without(severity)}"
    in_files = _is_in_files(context, build)
    return finding_about(
        [build.package, *(item.package for item in hidden)],
        code=CODE,
        severity=severity,
        why=f"{build.pin} {looks} and so does not find {names}; {effect}",
        source=_opener(build) if in_files else row.source,
        cure=_cure(build),
        paths=tuple(sorted(f"{i.library.directory}/{s}" for i in hidden for s in i.library.sonames[:1])),
        row=row.id,
    )


def _opener(build: BuiltPackage) -> str:
    assert build.framework is not None  # nothing else is read from files
    return f"the RUNPATH of the installed {FRAMEWORKS[build.framework].libraries[0].rpartition('/')[2]}"


def _unless_preloaded(context: AuditContext) -> str:
    """A framework that is linked to its libraries has loaded them once it is imported."""
    linked = [
        entry.title for entry in FRAMEWORKS.values() if not entry.dlopens and context.build(entry.name) is not None
    ]
    return f" unless {listed(linked)} was imported first" if linked else ""


def _cost(row: Build, names: Collection[str]) -> Severity:
    """How grave it is that these libraries are not found: without CUPTI alone nothing but its profiler fails."""
    if any(decides_gpu(row, name) for name in names):
        return "error"
    return "note" if all(map(serves_profiler, names)) else "warning"


def _goes_without(severity: Severity) -> str:
    """What becomes of a build without libraries that decide nothing about its GPU."""
    return "its profiler does not" if severity == "note" else "goes without them"


def _blind(build: BuiltPackage) -> str:
    """What becomes of a build without a library that decides about its GPU."""
    return "sees no GPU" if does_without(build.row) is Answer.YES else "sees no GPU or cannot be imported"


def _doubtful(build: BuiltPackage, doubtful: tuple[Provided, ...]) -> Finding:
    names = _first_sonames(doubtful)
    return finding_about(
        [build.package, *(item.package for item in doubtful)],
        code=CODE,
        severity="note",
        why=f"nobody read where {build.pin} looks for CUDA libraries, so it is not known whether it finds {names}",
        source=build.source,
        cure=_cure(build),
        row=build.row.id,
    )


def _unread(build: BuiltPackage, names: tuple[str, ...]) -> Finding:
    return finding_about(
        (build.package,),
        code=CODE,
        severity="note",
        why=f"no row tells whether anything here brings {listed(names, most=12)} of CUDA {build.major}, so it is not "
        f"known whether {build.pin} finds what it opens",
        source="matrices/cuda-libraries.yaml",
        cure="audit the installed prefix, or add rows of what brings them",
        row=build.row.id,
    )


def _first_sonames(items: tuple[Provided, ...]) -> str:
    return listed(sorted({soname for item in items for soname in item.library.sonames[:1]}), most=12)


def _nowhere(context: AuditContext, build: BuiltPackage, missing: tuple[Missing, ...]) -> Finding:
    linked = any(one.linked for one in missing)
    severity: Severity = "error" if linked else _cost(build.row, [one.library for one in missing])
    therefore = f"which therefore {_blind(build)}" if severity == "error" else "which still sees the GPU, and "
    if severity != "error":
        therefore += _goes_without(severity)
    other = _of_another_major(context, build)
    on_cpu = opens_libraries(build.framework) and other is not None and not context.libraries(build.major)
    # A framework whose build nobody knows may be such another.
    may_be = any(context.build(name) is NOT_KNOWN for name in FRAMEWORKS if name != build.framework)
    strange = next((package for package in context.set.packages if package.conda in CONDA_RUNTIMES), None)
    is_meant = context.wants_gpu or strange is not None
    of_conda = "" if strange is None else f"; {strange.pin} of conda is of another CUDA"
    return finding_about(
        (build.package, *([] if strange is None else [strange])),
        code=CODE,
        severity="warning" if severity == "error" and (on_cpu or may_be or not is_meant) else severity,
        why=f"nothing here brings {listed([one.soname for one in missing], most=12)} for {build.pin}, {therefore}"
        f"{of_conda}",
        source=build.source,
        cure=_one_major(build, other) if on_cpu and other is not None else _install(context, build),
        row=build.row.id,
    )


def _of_another_major(context: AuditContext, build: BuiltPackage) -> BuiltPackage | None:
    """A framework for another CUDA major, beside which the libraries of this build's major may not stand."""
    others = (one for one in context.builds if one.framework is not None and one.has_cuda is Answer.YES)
    return next((one for one in others if go_together(one.row, build.row) is Answer.NO), None)


def _one_major(build: BuiltPackage, other: BuiltPackage) -> str:
    """No libraries for it: they would stand beside those of another CUDA major."""
    return (
        f"leave {build.package.name} on the CPU, or take a {other.package.name} for CUDA {build.major} and then "
        f"{build.package.name}[and-cuda]"
    )


def _perhaps(build: BuiltPackage, outcome: LibrarySearch, folders: tuple[str, ...]) -> Finding:
    """What the set does not let a build find may lie in folders that nobody read."""
    sonames = [*(soname for item in outcome.hidden for soname in item.library.sonames[:1])]
    sonames += [one.soname for one in outcome.nowhere]
    return finding_about(
        [build.package, *(item.package for item in outcome.hidden)],
        code=CODE,
        severity="note",
        why=f"LD_LIBRARY_PATH leads to {listed(folders)}, which nobody read, so it is not known whether {build.pin} "
        f"finds {listed(sorted(sonames), most=12)}",
        source=build.source,
        cure="audit the installed environment where it runs, which reads those folders",
        row=build.row.id,
    )


def _install(context: AuditContext, build: BuiltPackage) -> str:
    """How its libraries come along: by its extra, where the set has not named it and admits what it asks for."""
    asks, named = extra_for_cuda(build.row), "and-cuda" in build.package.extras
    refused = (refusing(context, pypi_name(name), bound) for name, bound in asks.items())
    others = {package for several in refused for package, _ in several}
    if asks and not named and not others:
        what = f"{build.package.name}[and-cuda]"
        return f"{adding(context.set.kind, what)}, which asks for {listed(sorted(asks))}"
    if asks and others:
        pins = sorted({build.pin, *(package.pin for package in others)})
        return f"{command('interlock', 'explain', *pins)} looks for builds whose libraries go together"
    if asks:
        return f"install what its and-cuda extra asks for: {listed(f'{n}{bound}' for n, bound in sorted(asks.items()))}"
    libraries = f"install CUDA {build.cuda} and cuDNN {build.cudnn or ''}".rstrip() + " as packages"
    return libraries + (f", then let {LOADER} load them" if is_led_by_us(build.framework) else "")


def _conda_runtime(context: AuditContext, build: BuiltPackage) -> Package | None:
    """conda's CUDA of the major that a build opens; None where there is none, or it is of another one."""
    for package in context.set.packages:
        if package.conda in CONDA_RUNTIMES:
            version = numbers(package.version or "")
            if not version or not isinstance(build.major, int) or version[0] == build.major:
                return package
    return None


def _from_conda(context: AuditContext, build: BuiltPackage, runtime: Package) -> Iterator[Finding]:
    """conda's CUDA lies in ``$CONDA_PREFIX/lib``, where no RUNPATH of a wheel leads."""
    variables = {**dict(context.set.variables), **context.environ}
    if "LD_LIBRARY_PATH" in variables or context.package(LOADER) is not None:
        return
    yield finding_about(
        (build.package, runtime),
        code=CODE,
        severity="error",
        why=f"conda installs CUDA into the environment's lib folder, where {build.pin} of the package index "
        "does not look",
        source=build.source,
        cure="set LD_LIBRARY_PATH to $CONDA_PREFIX/lib on activation, or take TensorFlow from conda too",
    )
