"""``loader`` in an installed prefix: reads ELF files to tell where libraries are looked for and what is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from solver.audit.builds import BuiltPackage
from solver.audit.codes.loader_search import LibrarySearch, Missing
from solver.audit.context import AuditContext, Provided
from solver.audit.findings import finding_about
from solver.audit.phrases import listed
from solver.audit.prefix_files import site_packages
from solver.core.elf import Dynamic, read_dynamic
from solver.core.errors import BadInput
from solver.core.frameworks import FRAMEWORKS
from solver.core.led import plan_in
from solver.core.model import Finding
from solver.matrix.libraries import opened_here
from solver.matrix.library_files import by_file, files_of, library_folder, with_files
from solver.matrix.rows import Build, Library

CODE = "loader"
SYSTEM_CACHE = Path("/etc/ld.so.cache")
"""Where glibc notes the libraries that it finds without any path."""


def read_library(path: Path) -> Dynamic:
    """What an installed library needs and where it has that looked for; raises ``BadInput`` where it is none."""
    try:
        with path.open("rb") as library:
            return read_dynamic(library)
    except (ValueError, OSError) as error:
        raise BadInput(
            f"expected a shared library, but it cannot be read ({error})", file=path, fix="install it anew"
        ) from None


def opened_search(context: AuditContext, build: BuiltPackage) -> LibrarySearch | None:
    """The search of a framework that opens its libraries, in the prefix; None where its own library is not there."""
    cuda = build.major
    if build.framework is None or not isinstance(cuda, int):
        return None
    libraries = FRAMEWORKS[build.framework].libraries  # none where a framework is opened by its plugin, as JAX is
    path, others = _first(context, libraries[:1]), libraries[1:]
    if path is None:
        return None
    dynamic = read_library(path)
    folders = [*_library_path(context), *_folders(dynamic, path)]
    beside = [read_library(other) for name in others if (other := _first(context, (name,))) is not None]
    linked = {name for each in (dynamic, *beside) for name in each.needed}
    outcome = _search(context, _needed_libraries(context, build.row, cuda, linked), cuda, folders)
    nowhere = tuple(replace(one, linked=one.soname in linked) for one in outcome.nowhere)
    return replace(outcome, nowhere=nowhere)


def _needed_libraries(context: AuditContext, row: Build, cuda: int, linked: Set[str]) -> list[Library]:
    """The CUDA libraries that a build opens, as its row tells, and those that its own are linked to."""
    beside = [item.library for item in context.provided]
    return opened_here(row, beside, context.matrices) + with_files(context.matrices.libraries, linked, cuda)


def _search(context: AuditContext, libraries: Sequence[Library], cuda: int, folders: Sequence[Path]) -> LibrarySearch:
    """Which of the libraries lie in no folder: hidden where a package of the set brings them elsewhere."""
    hidden, nowhere = dict[str, Provided](), dict[str, Missing]()
    here = context.libraries(cuda)
    for library in libraries:
        for soname in files_of(library)[:1]:
            if _is_found(soname, folders):
                continue
            brought = here.get(library.library)
            if brought is not None and _exists(context, brought.library, soname):
                hidden[soname] = brought
            else:
                nowhere[soname] = Missing(library.library, soname)
    return LibrarySearch(tuple(hidden.values()), tuple(nowhere.values()))


def linked(context: AuditContext) -> Iterator[Finding]:
    """CUDA libraries that a framework is linked to and that no folder of the prefix holds."""
    known = by_file(context.matrices.libraries)
    for entry in FRAMEWORKS.values():
        package = context.package(entry.name)
        lost = set() if entry.dlopens else _lost(context, entry.libraries, set(known))
        if not lost or package is None:
            continue
        yield finding_about(
            (package,),
            code=CODE,
            severity="error",
            why=f"{package.pin} is linked to {listed(sorted(lost), most=12)}, which nothing here brings; "
            "importing it fails",
            source=f"DT_NEEDED of the installed libraries of {entry.title}",
            cure=f"install {listed(sorted({known[soname].distribution for soname in lost}))}",
            paths=tuple(sorted(lost)),
        )


def _lost(context: AuditContext, names: Sequence[str], known: Set[str]) -> set[str]:
    """The ``known`` sonames that some of a framework's files need and do not find."""
    lost: set[str] = set()
    for name in names:
        path = _first(context, (name,))
        if path is None:
            continue
        dynamic = read_library(path)
        # torch loads from any folder of the nvidia packages what its RUNPATH does not find.
        folders = [*_library_path(context), *_folders(dynamic, path), path.parent, *_nvidia_folders(context)]
        lost |= {soname for soname in dynamic.needed if soname in known and not _is_found(soname, folders)}
    return lost


def _is_found(soname: str, folders: Sequence[Path]) -> bool:
    return any((folder / soname).exists() for folder in folders) or in_system(soname)


def preloaded(context: AuditContext) -> frozenset[str]:
    """The libraries (by short name) that the loader wheel of the prefix leads to; empty where it tells nothing."""
    plans = map(plan_in, _sites(context))
    return frozenset(one.library for plan in plans if plan is not None for one in plan.preload)


def in_system(soname: str) -> bool:
    """Whether glibc's cache on this machine names the library."""
    try:
        return b"\0" + soname.encode() + b"\0" in SYSTEM_CACHE.read_bytes()
    except OSError:
        return False


def _folders(dynamic: Dynamic, path: Path) -> list[Path]:
    """Where the library at ``path`` has others looked for."""
    return [Path(folder) for folder in dynamic.folders(str(path.parent))]


def _sites(context: AuditContext) -> tuple[Path, ...]:
    assert context.set.prefix is not None
    return site_packages(Path(context.set.prefix))


def _first(context: AuditContext, names: tuple[str, ...]) -> Path | None:
    paths = (site / name for site in _sites(context) for name in names)
    return next((path for path in paths if path.is_file()), None)


def _exists(context: AuditContext, library: Library, soname: str) -> bool:
    return any((site / library_folder(library) / soname).exists() for site in _sites(context))


def _nvidia_folders(context: AuditContext) -> list[Path]:
    patterns = ("nvidia/*/lib", "nvidia/lib")
    return [folder for site in _sites(context) for pattern in patterns for folder in sorted(site.glob(pattern))]


def _library_path(context: AuditContext) -> list[Path]:
    return [Path(entry) for entry in context.environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
